import { cliCommand } from '../../../dashboard/src/operator/stream/follow-commands.ts';
import { endAllProcesses, startPosthorn } from '../../faults/installation/posthorn-process.ts';
import { type Receiver, startReceiver } from '../../receivers/receiver.ts';
import { startInterruptibleProxy } from '../../replay/interruptible-proxy.ts';
import { runProgram, runPython, testWithPython } from '../../sdk/run-program.ts';
import { startTestPosthorn, type TestPosthorn } from '../../set-up/test-posthorn.ts';
import { CLI, type CommandResult, runCommand, variablesOf } from './run-command.ts';

/** All but the ends of lines. */
const EXECUTED_BY_TERMINALS = /[^\P{Cc}\r\n]|\p{Cf}/u;
const HOSTILE_BODY = '<h1>down</h1>\u001b[2J\u202e\u009b31m';

let posthorn: TestPosthorn;
let healthy: Receiver;
let failing: Receiver;
let isDown = true;
let endpoint: string;
let brokenEndpoint: string;
let failed: { id: string; deliveries: { id: string }[] };
beforeAll(async () => {
  posthorn = await startTestPosthorn();
  healthy = await startReceiver();
  failing = await startReceiver([
    (_, response) =>
      void (isDown ? response.writeHead(503).end(HOSTILE_BODY) : response.writeHead(200).end()),
  ]);
  endpoint = (await posthorn.newEndpoint(healthy.url, { events: ['order.*'] })).id;
  // One attempt only: its deliveries are undeliverable at once.
  const broken = await posthorn.newEndpoint(failing.url, { events: ['broken.*'], policy: { delays: [] } });
  brokenEndpoint = broken.id;
  await posthorn.call('PUT', '/v1/event-types/order.paid', {
    description: 'An order was paid',
    example: { order: 'ord_1', items: [{ price: 1 }] },
    exampleAttributes: { region: 'eu' },
  });
  const { id } = await posthorn.post({ type: 'broken.thing', data: { text: 'a\u001b]0;x\u0007b' } });
  failed = await posthorn.untilSettled(id);
});
afterAll(async () => {
  await endAllProcesses();
  await posthorn.close();
  await healthy.close();
  await failing.close();
});

beforeEach(() => {
  isDown = true;
});

const run = (...args: string[]): Promise<CommandResult> => runCommand(args, variablesOf(posthorn));

describe('trigger', () => {
  test('posts the example of the type with its changes, waits, and prints one line of JSON', async () => {
    const before = healthy.requests.length;

    const result = await run('trigger', 'order.paid', '--set', 'items.0.price=12.50', '--wait', '30s');

    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect(result.json()).toMatchObject([
      { type: 'order.paid', status: 'delivered', attributes: { region: 'eu' }, deliveries: [{ endpoint }] },
    ]);
    const [request, ...more] = healthy.requests.slice(before);
    expect(more).toEqual([]);
    expect(request!.body.toString()).toContain('{"order":"ord_1","items":[{"price":12.50}]}');
  });

  test('takes the data from stdin, byte for byte in its numbers, and the same id posts one event', async () => {
    const trigger = () =>
      runCommand(
        ['trigger', 'order.other', '--data', '-', '--id', 'one-order'],
        variablesOf(posthorn),
        '{"n": 12345678901234567890}',
      );

    const [first] = (await trigger()).json();
    const [second] = (await trigger()).json();

    expect(second).toMatchObject({ id: 'one-order', sequence: first!.sequence });
    const { body } = await posthorn.call<{ body: string }>('GET', '/v1/events/one-order');
    expect(body).toContain('12345678901234567890');
  });

  test('with an endpoint the example is sent as a test', async () => {
    const result = await run('trigger', 'order.paid', '--endpoint', endpoint, '--wait');

    expect(result.code).toBe(0);
    expect(result.json()).toMatchObject([{ test: true, status: 'delivered', deliveries: [{ endpoint }] }]);
  });

  test('with an endpoint, changes of the example are in the test, and what a test does not have is refused', async () => {
    const changed = await run(
      ...[
        'trigger',
        'order.paid',
        '--endpoint',
        endpoint,
        '--set',
        'order=ord_2',
        '--set',
        'total=1.50',
        '--wait',
      ],
    );
    const refused = await run('trigger', 'order.paid', '--endpoint', endpoint, '--id', 'mine');

    expect(changed).toMatchObject({ code: 0, stderr: '' });
    expect(changed.json()).toMatchObject([{ test: true, status: 'delivered', attributes: { region: 'eu' } }]);
    expect(healthy.requests.at(-1)!.body.toString()).toContain(
      '{"order":"ord_2","items":[{"price":1}],"total":1.50}',
    );
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    expect(refused.stderr).toContain('leave out --attribute, --consumer and --id');
  });

  test('exits with 1 if a delivery fails, or if no endpoint subscribes', async () => {
    const [undelivered, unrouted] = await Promise.all([
      run('trigger', 'broken.thing', '--data', '1', '--wait', '30s'),
      run('trigger', 'unknown.thing', '--data', '{}', '--wait'),
    ]);

    expect(undelivered).toMatchObject({ code: 1 });
    expect(undelivered.json()).toMatchObject([{ status: 'undeliverable' }]);
    expect(unrouted).toMatchObject({ code: 1, stderr: 'No endpoint subscribes to this event.\n' });
  });
});

describe('exit codes', () => {
  test('a wrong call exits with 2, and prints nothing to stdout', async () => {
    const calls = await Promise.all([
      run('trigger'),
      run('trigger', 'order.paid', '--nonsense'),
      run('trigger', 'no.example'),
      run('trigger', 'order.paid', '--set', 'order.x=1'),
      run('events', 'nonsense'),
    ]);

    expect(calls.map(({ code, stdout }) => [code, stdout])).toEqual(Array(5).fill([2, '']));
    expect(calls[2]!.stderr).toBe(
      'posthorn trigger: no.example is not in the catalogue: give its data with --data or --set.\n',
    );
    expect(calls[3]!.stderr).toContain('order is "ord_1", which has no "x"');
  });

  test('what the project does not have is named, and so is a wrong option', async () => {
    const calls = await Promise.all([
      run('events', 'show', 'evt_unknown'),
      run('events', 'show', `dlv_${'0'.repeat(26)}`),
      run('resend', 'evt_unknown'),
      run('resend', failed.id, '--endpoint', 'ep_unknown'),
      run('recover', '--endpoint', 'ep_unknown', '--since', '1h'),
      run('trigger', 'order.paid', '--endpoint', 'ep_unknown'),
      run('events', 'list', '--project', 'prj_unknown'),
      run('events', 'list', '--status', 'fine'),
      run('events', 'tail', '--status', 'delivered,fine'),
      run('events', 'list', '--contains', 'x'),
    ]);

    expect(calls.map(({ code, stdout }) => [code, stdout])).toEqual([
      ...Array(8).fill([3, '']),
      ...Array(2).fill([2, '']),
    ]);
    const messages = calls.map(({ stderr }) => stderr.replace(/^posthorn [a-z ]+: /, ''));
    expect(messages).toEqual([
      expect.stringMatching(/^There is no event evt_unknown in this project\. \(not_found, request req_/),
      expect.stringMatching(/^There is no delivery dlv_0{26} in this project\./),
      expect.stringMatching(/^There is no event evt_unknown in this project\./),
      expect.stringMatching(/^There is no endpoint ep_unknown in this project\./),
      expect.stringMatching(/^There is no endpoint ep_unknown in this project\./),
      expect.stringMatching(/^There is no endpoint ep_unknown in this project\./),
      expect.stringContaining('project'),
      expect.stringMatching(/^--status must list some of pending, .*\. \(invalid_query, request req_/),
      expect.stringMatching(/^--status "fine" is none of pending, /),
      expect.stringMatching(/^--contains needs --since/),
    ]);
  });

  test('a call that the API refuses exits with 3, one that nobody answers with 4', async () => {
    const unused = await startReceiver();
    await unused.close();
    const [refused, unknown, away, notPosthorn] = await Promise.all([
      run('events', 'list', '--key', 'ph_wrong'),
      run('events', 'show', 'evt_unknown'),
      run('events', 'list', '--url', unused.url),
      run('events', 'list', '--url', healthy.url),
    ]);

    expect([refused.code, unknown.code, away.code, notPosthorn.code]).toEqual([3, 3, 4, 4]);
    expect(refused.stderr).toContain('(unauthorized, request ');
    expect(away.stderr).toContain('(ECONNREFUSED)');
    expect([refused, unknown, away, notPosthorn].map(({ stdout }) => stdout)).toEqual(['', '', '', '']);
  });
});

describe('events', () => {
  test('show prints each delivery with its attempts, also by the id of the delivery', async () => {
    const delivery = failed.deliveries[0]!.id;
    const [byEvent, byDelivery] = await Promise.all([
      run('events', 'show', failed.id),
      run('events', 'show', delivery),
    ]);

    const expected = {
      id: failed.id,
      deliveries: [
        {
          id: delivery,
          status: 'undeliverable',
          attemptList: [
            { number: 1, outcome: 'rejected', statusCode: 503, response: { body: HOSTILE_BODY } },
          ],
        },
      ],
    };
    expect(byEvent.json()).toMatchObject([expected]);
    expect(byDelivery.json()).toMatchObject([expected]);
    expect(byEvent.stdout).not.toMatch(EXECUTED_BY_TERMINALS);
  });

  test('list filters, and goes on at its cursor', async () => {
    await run('trigger', 'broken.thing', '--data', '1', '--wait', '30s');
    const first = (await run('events', 'list', '--type', 'broken.thing', '--limit', '1')).json();
    const [item, { nextCursor } = {}] = first;
    expect(item).toMatchObject({ type: 'broken.thing', status: 'undeliverable', undeliverableCount: 1 });

    const rest = await run('events', 'list', '--type', 'broken.thing', '--cursor', String(nextCursor));

    expect(rest.json().map(({ id }) => id)).toContain(failed.id);
    expect(rest.json().map(({ id }) => id)).not.toContain(item!.id);
    const search = await run('events', 'list', '--since', '1h', '--contains', '"order":"ord_1"');
    expect(search.json().every(({ type }) => type === 'order.paid')).toBe(true);
  });

  testWithPython('on a terminal, what others wrote cannot control it', async () => {
    const { stdout } = await runInTerminal(['events', 'show', failed.id]);

    expect(stdout).toContain('rejected   503');
    expect(stdout).toContain('response  <h1>down</h1>\\u001b[2J\\u202e\\u009b31m');
    expect(stdout).not.toMatch(EXECUTED_BY_TERMINALS);
  });
});

describe('events tail', () => {
  test('the command that the dashboard copies is found as it stands, with the options that it names', async () => {
    const copied = cliCommand(posthorn.url, {
      kind: ['attempt.failed'],
      endpoint: ['ep_1'],
      consumer: ['acme'],
    });
    const { code, stdout } = await runProgram('sh', ['-c', `${copied} --help`], {
      env: variablesOf(posthorn),
    });
    expect(code).toBe(0);
    expect(stdout).toContain('Usage: posthorn events tail');
    const options = copied.match(/--\w+/g)!;
    expect(options).toEqual(['--url', '--status', '--endpoint', '--consumer']);
    for (const option of options) expect(stdout).toContain(option);
  });

  test('a lost connection leaves no gap, and Ctrl-C prints the cursor at which another tail goes on', async () => {
    const proxy = await startInterruptibleProxy(posthorn.url);
    try {
      const env = { ...variablesOf(posthorn), POSTHORN_URL: proxy.url };
      const tail = startPosthorn('events', env, 'tail', '--from', await currentCursor());
      const before = await settledOrder();
      await tail.untilPrinted(settledLine(before), 60_000);

      proxy.interrupt();
      await tail.untilPrinted(/The connection was lost at/, 60_000);
      const meanwhile = await settledOrder();
      proxy.resume();
      const after = await settledOrder();
      await tail.untilPrinted(settledLine(after), 60_000);

      expect(await tail.end('SIGINT')).toBe(130);
      const lines = jsonLinesOf(tail.output());
      const { cursor } = lines.pop()!;
      expect(lines.map(({ event, kind }) => [event, kind])).toEqual(
        [before, meanwhile, after].flatMap((event) => [
          [event, 'delivery.delivered'],
          [event, 'event.settled'],
        ]),
      );

      const later = await settledOrder();
      const next = startPosthorn('events', env, 'tail', '--from', String(cursor), '--type', 'order.paid');
      await next.untilPrinted(settledLine(later), 60_000);
      await next.end('SIGINT');
      expect(jsonLinesOf(next.output()).slice(0, -1)).toMatchObject([{ event: later }, { event: later }]);
    } finally {
      await proxy.close();
    }
  });

  test('exits with 4 if there is no Posthorn, and with 3 if the cursor is too old', async () => {
    const unused = await startReceiver();
    await unused.close();
    const [away, expired] = await Promise.all([
      run('events', 'tail', '--url', unused.url),
      run('events', 'tail', '--from', 'no-cursor'),
    ]);

    expect([away.code, expired.code]).toEqual([4, 3]);
    expect(expired.stderr).toContain('(cursor_expired, request ');
  });

  const currentCursor = async (): Promise<string> => {
    const response = await fetch(`${posthorn.url}/v1/outcomes`, {
      headers: { authorization: `Bearer ${posthorn.project.key}` },
    });
    const reader = response.body!.getReader();
    const { value } = await reader.read();
    await reader.cancel();
    return /^id: (\S+)$/m.exec(new TextDecoder().decode(value))![1]!;
  };
  const settledOrder = async (): Promise<string> => {
    const { id } = await posthorn.post({ type: 'order.paid', data: {} });
    await posthorn.untilSettled(id);
    return id;
  };
  const settledLine = (event: string) => new RegExp(`"kind":"event.settled"[^\n]*"event":"${event}"`);
  const jsonLinesOf = (output: string): Record<string, unknown>[] =>
    output
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line));
});

describe('resend', () => {
  test('sends the failed deliveries of an event again, once', async () => {
    const event = await failedEvent();
    isDown = false;

    const first = await run('resend', event.id, '--wait', '60s');
    const second = await run('resend', event.id);

    expect(first).toMatchObject({ code: 0, stderr: '' });
    expect(first.json()).toMatchObject([{ replayOf: event.deliveries[0]!.id, status: 'delivered' }]);
    expect(second).toMatchObject({ code: 0, stdout: '', stderr: expect.stringContaining('Nothing to send') });
  });

  test('sends one delivery again, and exits with 1 if it fails again', async () => {
    const { deliveries } = await failedEvent();

    const result = await run('resend', deliveries[0]!.id, '--wait', '60s');

    expect(result.code).toBe(1);
    expect(result.json()).toMatchObject([{ replayOf: deliveries[0]!.id, status: 'undeliverable' }]);
  });

  test('sends an event to an endpoint that did not subscribe to it', async () => {
    const result = await run('resend', failed.id, '--endpoint', endpoint, '--wait', '60s');

    expect(result.code).toBe(0);
    expect(result.json()).toMatchObject([{ event: failed.id, endpoint, status: 'delivered' }]);
  });
});

describe('recover', () => {
  test('without a terminal it only counts, unless --yes is given', async () => {
    await failedEvent();
    const args = ['recover', '--endpoint', brokenEndpoint, '--since', '1h'];

    const counted = await run(...args);
    const [{ matches } = {}] = counted.json();
    expect(counted).toMatchObject({ code: 2, stderr: 'Nothing is sent without --yes.\n' });
    expect(matches).toBeGreaterThan(0);
    expect(await posthorn.call('GET', '/v1/recoveries')).toMatchObject({ items: [] });

    isDown = false;
    const sent = await run(...args, '--yes');
    expect(sent).toMatchObject({ code: 0, stderr: '' });
    expect(sent.json()[0]).toMatchObject({ matches });
    expect(sent.json().at(-1)).toMatchObject({ status: 'done', done: matches, delivered: matches });

    const nothing = await run(...args);
    expect(nothing).toMatchObject({ code: 0, stderr: 'There is nothing to send.\n' });
  });

  testWithPython('on a terminal it asks, and shows a bar', async () => {
    await failedEvent();
    isDown = false;

    const { stdout } = await runInTerminal(['recover', '--endpoint', brokenEndpoint, '--since', '1h'], 'y\n');

    expect(stdout).toContain('to 1 endpoint, the oldest of ');
    expect(stdout).toContain('Send them? [y/N]');
    expect(stdout).toMatch(/█{24} {2}(\d+) of \1 sent · \1 delivered {3}rec_/);
  });
});

const failedEvent = async () => {
  const { id } = await posthorn.post({ type: 'broken.thing', data: {} });
  return posthorn.untilSettled(id);
};

/** Runs the command with a terminal for its input and output. */
const runInTerminal = (args: string[], input = '') => {
  const env = JSON.stringify(variablesOf(posthorn));
  const program =
    'import json, os, pty, sys; os.environ.update(json.loads(sys.argv[1])); ' +
    'sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[2:])))';
  return runPython(['-c', program, env, process.execPath, CLI, ...args], input);
};
