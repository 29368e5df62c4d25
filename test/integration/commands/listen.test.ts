import { join } from 'node:path';
import { verifyWebhook } from '../../../sdk/typescript/src/index.ts';
import {
  endAllProcesses,
  type PosthornProcess,
  startPosthorn,
} from '../../faults/installation/posthorn-process.ts';
import { type Receiver, startReceiver } from '../../receivers/receiver.ts';
import { startInterruptibleProxy } from '../../replay/interruptible-proxy.ts';
import { runProgram, testWithPython } from '../../sdk/run-program.ts';
import { eventually } from '../../set-up/eventually.ts';
import { findPython } from '../../set-up/find-python.ts';
import { startTestPosthorn, type TestPosthorn } from '../../set-up/test-posthorn.ts';
import { CLI, runCommand, variablesOf } from './run-command.ts';

let posthorn: TestPosthorn;
let app: Receiver;
beforeAll(async () => {
  posthorn = await startTestPosthorn();
  app = await startReceiver([(_, response) => void response.writeHead(202, { 'x-app': '1' }).end('thanks')]);
});
afterEach(() => endAllProcesses());
afterAll(async () => {
  await posthorn.close();
  await app.close();
});

type Listener = { id: string; label: string; connected: boolean };
type Line = Record<string, unknown>;

const listeners = async (): Promise<Listener[]> =>
  (await posthorn.call<{ items: Listener[] }>('GET', '/v1/listeners')).items;

const jsonLinesOf = (output: string): Line[] =>
  output
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line));

/** Starts the command, and returns when its listener is connected, with what it printed first. */
async function startListening(
  args: string[],
  env: NodeJS.ProcessEnv = variablesOf(posthorn),
): Promise<{ process: PosthornProcess; first: Line }> {
  const process = startPosthorn('listen', env, '--forward-to', `${app.url}hooks?from=posthorn`, ...args);
  const [text] = await process.untilPrinted(/^\{"listener":.*\}$/m);
  return { process, first: JSON.parse(text) };
}

const isDelivered = async (event: string) => (await posthorn.untilSettled(event)).status;

test('forwards requests, prints a line for each, and deletes its listener at Ctrl-C', async () => {
  const { process, first } = await startListening(['--events', 'order.*']);
  const before = app.requests.length;

  const event = await posthorn.post({ type: 'order.paid', data: { order: 1 } });
  expect(await isDelivered(event.id)).toBe('delivered');
  await process.untilPrinted(/"status":202/);

  const [request] = app.requests.slice(before);
  expect(request).toMatchObject({ method: 'POST', path: '/hooks?from=posthorn' });
  const signed = { payload: request!.body, headers: request!.headers as Record<string, string> };
  expect(verifyWebhook({ profile: 'standard-webhooks', ...signed, secret: String(first.secret) })).toBe(true);
  const { items } = await posthorn.call<{ items: Line[] }>(
    'GET',
    `/v1/deliveries/${event.deliveries[0]!.id}/attempts`,
  );
  expect(items).toMatchObject([{ statusCode: 202, response: { headers: { 'x-app': '1' }, body: 'thanks' } }]);

  expect(await process.end('SIGINT')).toBe(130);
  expect(jsonLinesOf(process.output())).toMatchObject([
    { listener: first.listener, events: ['order.*'], forwardTo: `${app.url}hooks?from=posthorn` },
    { event: event.id, type: 'order.paid', attempt: 1, status: 202, error: null },
  ]);
  expect((await listeners()).map(({ id }) => id)).not.toContain(first.listener);
});

test('a lost connection is said aloud and made anew, and what came in the meantime arrives', async () => {
  const proxy = await startInterruptibleProxy(posthorn.url);
  try {
    const env = { ...variablesOf(posthorn), POSTHORN_URL: proxy.url };
    const { process, first } = await startListening(['--events', 'lost.*'], env);
    const policy = { delays: Array(20).fill('5s') };
    await posthorn.call('PATCH', `/v1/endpoints/${first.listener}`, { policy });

    proxy.interrupt();
    await process.untilPrinted(/The connection was lost at/);
    const event = await posthorn.post({ type: 'lost.one', data: {} });
    proxy.resume();
    await process.untilPrinted(/Connected again/);

    expect(await isDelivered(event.id)).toBe('delivered');
    await process.untilPrinted(new RegExp(`"event":"${event.id}".*"status":202`));
  } finally {
    await proxy.close();
  }
});

test('a listener with a label is kept, goes on with the next command, and gets what came in between', async () => {
  const args = ['--label', 'kept', '--events', 'kept.*'];
  const { process, first } = await startListening(args);
  const policy = { delays: Array(20).fill('5s') };
  await posthorn.call('PATCH', `/v1/endpoints/${first.listener}`, { policy });
  await process.end('SIGINT');
  const event = await posthorn.post({ type: 'kept.one', data: {} });

  const again = await startListening(args);

  expect(again.first).toMatchObject({ listener: first.listener, label: 'kept' });
  expect(again.first).not.toHaveProperty('secret');
  expect(await isDelivered(event.id)).toBe('delivered');

  const resent = await runCommand(
    ['resend', event.deliveries[0]!.id, '--wait', '30s'],
    variablesOf(posthorn),
  );
  expect(resent.code).toBe(0);
  expect(resent.json()).toMatchObject([{ replayOf: event.deliveries[0]!.id, status: 'delivered' }]);

  const other = await startListening(args);
  await again.process.untilPrinted(/Another client has taken over this listener/);
  expect(await again.process.ended).toBe(3);
  expect(other.first).toMatchObject({ listener: first.listener });
});

test('--since also sends what was accepted before', async () => {
  const event = await posthorn.post({ type: 'earlier.one', data: {} });
  expect(event.status).toBe('unrouted');

  const { process } = await startListening(['--events', 'earlier.*', '--since', '10m']);

  await process.untilPrinted(new RegExp(`"event":"${event.id}".*"status":202`));
});

test('an app that is not there is a failed attempt with its code', async () => {
  const { port, close } = await startReceiver();
  await close();
  const process = startPosthorn(
    'listen',
    variablesOf(posthorn),
    ...['--forward-to', `127.0.0.1:${port}`, '--events', 'refused.*'],
  );
  await process.untilPrinted(/^\{"listener"/m);

  const event = await posthorn.post({ type: 'refused.one', data: {} });
  await process.untilPrinted(/"status":null,"error":"ECONNREFUSED"/);

  await eventually(async () => (await posthorn.eventOf(event.id)).deliveries[0]!.attempts > 0);
  const { items } = await posthorn.call<{ items: Line[] }>(
    'GET',
    `/v1/deliveries/${event.deliveries[0]!.id}/attempts`,
  );
  expect(items.at(-1)).toMatchObject({ outcome: 'connection_failed', error: { code: 'ECONNREFUSED' } });
});

test('exits with 2 if it is called wrongly, 3 if it is refused, 4 if there is no Posthorn', async () => {
  const unused = await startReceiver();
  await unused.close();
  const run = (...args: string[]) => runCommand(['listen', ...args], variablesOf(posthorn));
  const results = await Promise.all([
    run(),
    run('--forward-to', 'ftp://somewhere'),
    run('--forward-to', '3000', '--since', 'yesterday'),
    run('--forward-to', '3000', '--key', 'ph_wrong'),
    run('--forward-to', '3000', '--label', 'a b'),
    run('--forward-to', '3000', '--url', unused.url),
  ]);
  expect(results.map(({ code, stdout }) => [code, stdout])).toEqual(
    [2, 2, 2, 3, 3, 4].map((code) => [code, '']),
  );
});

testWithPython(
  'on a terminal it prints lines, and its keys resend, open and show the last request',
  async () => {
    const steps = [
      ['→ 202', 'd'],
      ['"order": "<\\u001b>"', 'o'],
      ['/dashboard/p/', 'r'],
      ['→ 202', '\u0003'],
    ];
    const command = [
      process.execPath,
      CLI,
      'listen',
      '--forward-to',
      app.url,
      '--events',
      'typed.*',
      '--label',
      'typed',
    ];
    const ended = runProgram(findPython()!, [
      join(__dirname, 'type_in_terminal.py'),
      JSON.stringify(variablesOf(posthorn)),
      JSON.stringify(steps),
      ...command,
    ]);
    await eventually(
      async () => (await listeners()).some((one) => one.label === 'typed' && one.connected),
      60_000,
    );
    const { id } = await posthorn.post({ type: 'typed.one', data: { order: '<\u001b>' } });

    const { code, stdout } = await ended;

    expect(code).toBe(130);
    expect(stdout).toMatch(/Forwarding typed\.\* to http:\/\/127\.0\.0\.1/);
    expect(stdout).toMatch(/secret {4}whsec_\S+ \(not shown again\)/);
    expect(stdout).toMatch(new RegExp(`\\d\\d:\\d\\d:\\d\\d typed\\.one ${id} → 202 \\d+ ms`));
    expect(stdout).toContain(`/dashboard/p/${posthorn.project.id}/events/${id}?delivery=dlv_`);
  },
);
