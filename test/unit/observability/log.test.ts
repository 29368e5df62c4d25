import { createLogger } from '../../../src/observability/log.ts';

function captured() {
  const lines: string[] = [];
  const log = createLogger({ level: 'info', name: 'test' }, { write: (line) => void lines.push(line) });
  return { log, last: () => JSON.parse(lines.at(-1) ?? 'null'), all: lines };
}

test('a line is JSON with its time, level and ids', () => {
  const { log, last } = captured();
  log.info({ requestId: 'req_1', eventId: 'evt_1', workflowId: 'event/p/evt_1' }, 'accepted');
  expect(last()).toEqual({
    level: 'info',
    time: expect.stringMatching(/^\d{4}-.*Z$/),
    name: 'test',
    pid: process.pid,
    requestId: 'req_1',
    eventId: 'evt_1',
    workflowId: 'event/p/evt_1',
    msg: 'accepted',
  });
});

test('secrets, keys, headers and bodies are never written, up to two levels deep', () => {
  const { log, all } = captured();
  const canary = 'whsec_canary';
  for (const name of [
    'secret',
    'secrets',
    'key',
    'authorization',
    'headers',
    'body',
    'data',
    'payload',
    'password',
  ]) {
    log.info({ [name]: canary }, 'text');
    log.info({ endpoint: { [name]: { deep: canary } } }, 'text');
    log.info({ request: { endpoint: { [name]: [canary] } } }, 'text');
  }
  expect(all).toHaveLength(27);
  expect(all.join('')).not.toContain(canary);
});

test('an error is cut to type, message, code and stack, and its causes to type and code', () => {
  const { log, last } = captured();
  const canary = 'row content';
  const cause = Object.assign(new TypeError(canary), { code: 'ECONNREFUSED', request: canary });
  const error = Object.assign(new Error('the database is not available', { cause }), {
    parameters: [canary],
  });
  log.error({ err: error }, 'failed');
  expect(last().err).toEqual({
    type: 'Error',
    message: 'the database is not available',
    stack: expect.stringContaining('log.test.ts'),
    causes: ['TypeError ECONNREFUSED'],
  });
  expect(JSON.stringify(last())).not.toContain(canary);

  log.error(error);
  expect(JSON.stringify(last())).not.toContain(canary);
});

test('what is thrown and is no error is not written', () => {
  const { log, last } = captured();
  log.error({ err: 'whsec_canary' }, 'failed');
  expect(JSON.stringify(last())).not.toContain('canary');
});
