import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { type SampleReceiver, startSampleReceiver } from '../../../src/embedded/sample-receiver.ts';
import { startTestPosthorn, type TestPosthorn } from '../../set-up/test-posthorn.ts';

const root = join(__dirname, '../../..');
let posthorn: TestPosthorn;
let receiver: SampleReceiver;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'posthorn-docs-'));
  mkdirSync(join(folder, '.posthorn'));
  receiver = await startSampleReceiver({ dataDir: join(folder, '.posthorn'), samplePort: 0 }, () => {});
  posthorn = await startTestPosthorn({ settings: { sampleReceiver: receiver } });
  writeFileSync(join(folder, '.posthorn/api-url'), posthorn.url);
  // The installed curl, which prints the status after the response.
  const { stdout: curl } = await promisify(execFile)('sh', ['-c', 'command -v curl']);
  writeFileSync(join(folder, 'curl'), `#!/bin/sh\nexec ${curl.trim()} -sS -w '\\n%{http_code}' "$@"\n`);
  chmodSync(join(folder, 'curl'), 0o755);
});
afterAll(async () => {
  await receiver.close();
  await posthorn.close();
  rmSync(folder, { recursive: true });
});

/** The commands of the shell blocks that call the API, with those that prepare a call, in their order, continued lines put together. */
function commandsOf(page: string): string[] {
  const text = readFileSync(join(root, page), 'utf8')
    .replaceAll('http://127.0.0.1:4000', posthorn.url)
    .replaceAll('http://127.0.0.1:4001/webhooks', receiver.url);
  const blocks = [...text.matchAll(/```sh\n([\s\S]+?)```/g)].map(([, block]) => block!);
  const commands: string[] = [];
  for (const line of blocks
    .filter((block) => /curl|\.posthorn/.test(block))
    .join('')
    .split('\n')) {
    const open = commands.at(-1);
    const continues = open !== undefined && (open.endsWith('\\') || open.split("'").length % 2 === 0);
    if (continues) commands.push(`${commands.pop()}\n${line}`);
    else if (/^(curl|export|openssl|printf) /.test(line)) commands.push(line);
  }
  return commands;
}

type Shell = {
  env: Record<string, string>;
  run(command: string): Promise<string>;
  /** Ends the command when it has printed `wanted`, for one that follows a stream. */
  runUntil(wanted: RegExp, command: string): Promise<void>;
};

/** A shell whose exported variables last, as those of a reader's terminal do. */
function shell(env: Record<string, string>): Shell {
  const PATH = `${folder}${delimiter}${process.env.PATH}`;
  return {
    env,
    async run(command) {
      const script = `${command}\nprintf '\\0'\nenv -0`;
      const { stdout } = await promisify(execFile)('sh', ['-c', script], {
        cwd: folder,
        env: { ...env, PATH },
      });
      const [output, ...variables] = stdout.split('\0');
      for (const variable of variables) {
        const [, name, value] = /^(\w+)=([\s\S]*)$/.exec(variable) ?? [];
        if (name && name !== 'PATH') env[name] = value!;
      }
      return output!;
    },
    async runUntil(wanted, command) {
      // With exec, so that the signal reaches curl and not a shell that waits for it.
      const child = spawn('sh', ['-c', `exec ${command}`], { cwd: folder, env: { ...env, PATH } });
      let output = '';
      try {
        for await (const chunk of child.stdout) {
          output += chunk;
          if (wanted.test(output)) return;
        }
        throw new Error(`${command}\nended with ${output}`);
      } finally {
        child.kill();
        if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      }
    },
  };
}

const PAGES = [
  'README.md',
  'docs/events.md',
  'docs/endpoints.md',
  'docs/event-types.md',
  'docs/custom-profiles.md',
];

test.each(PAGES)('every command of %s works on a new project as it stands', async (page) => {
  const { key } = await posthorn.newProject();
  writeFileSync(join(folder, '.posthorn/api-key'), key);
  const call = async (path: string, body: object, withKey = key) =>
    (await posthorn.client.call('POST', path, { key: withKey, body })).body as Record<string, string>;
  const consumer = await call('/v1/keys', { consumer: 'account_1' });
  await call('/v1/events', { id: 'job_abc123', type: 'a.b', data: {}, consumer: 'account_1' });
  const terminal = shell({ POSTHORN: posthorn.url, KEY: key, CONSUMER_KEY: consumer.key! });

  for (const command of commandsOf(page)) {
    if (command.startsWith('curl -N')) {
      await terminal.runUntil(/^retry: \d+\nid: /, command);
      continue;
    }
    const output = await terminal.run(command);
    if (!command.startsWith('curl')) continue;
    const [, body, status] = /^([\s\S]*)\n(\d{3})$/.exec(output)!;
    if (Number(status) >= 400) throw new Error(`${command}\nreturned ${status}: ${body}`);
    const { id, deliveries } = (/^\{/.test(body!) ? JSON.parse(body!) : {}) as {
      id?: string;
      deliveries?: { id: string }[];
    };
    if (deliveries?.[0]) terminal.env.DELIVERY = deliveries[0].id;
    if (/-X POST \S+\/v1\/endpoints /.test(command)) terminal.env.ENDPOINT = id!;
    if (/-X POST \S+\/v1\/webhooks /.test(command)) terminal.env.WEBHOOK = id!;
  }
});

test('the event of the README is delivered, and its status says so', async () => {
  const { key } = await posthorn.newProject();
  writeFileSync(join(folder, '.posthorn/api-key'), key);
  const terminal = shell({});
  let output = '';
  for (const command of commandsOf('README.md')) output = await terminal.run(command);
  expect(JSON.parse(output.slice(0, output.lastIndexOf('\n')))).toMatchObject({
    status: 'delivered',
    deliveries: [{ status: 'delivered', attempts: 1 }],
  });
});
