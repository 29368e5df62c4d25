import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '../../set-up/eventually.ts';
import { type EmbeddedInstallation, embeddedInstallation } from '../installation/embedded-installation.ts';
import {
  endAllProcesses,
  launchPosthorn,
  type PosthornProcess,
  startPosthorn,
} from '../installation/posthorn-process.ts';
import { processesWith } from '../installation/process-tree.ts';

let installation: EmbeddedInstallation;
beforeEach(() => {
  installation = embeddedInstallation();
});
afterEach(async () => {
  await endAllProcesses();
  installation.discard();
});

const anyFileThere =
  (...names: string[]) =>
  (_: PosthornProcess) =>
    names.some((name) => existsSync(join(installation.dataDir, name)));
const fileThere = (name: string) => anyFileThere(name);
const printed = (pattern: RegExp) => (posthorn: PosthornProcess) => pattern.test(posthorn.output());

/** The moments of a first start, in their order. */
const MOMENTS: [string, (posthorn: PosthornProcess) => boolean][] = [
  ['before it says anything', () => true],
  ['when the data folder is locked', fileThere('lock')],
  ['while initdb runs, or just after', anyFileThere('postgres/data.partial', 'postgres/data')],
  ['when Postgres has been started', fileThere('postgres.log')],
  ['when Temporal is next', printed(/Starting Temporal/)],
  ['when Temporal has been started', fileThere('temporal.log')],
  ['when the API is there and the worker is not', fileThere('api-url')],
];

const WAYS: [string, (posthorn: PosthornProcess) => void][] = [
  ['to its process group, as a terminal does', ({ pid }) => void process.kill(-pid, 'SIGINT')],
  ['to the process alone', ({ pid }) => void process.kill(pid, 'SIGINT')],
];

const CASES = MOMENTS.map(([moment, reached], index) => {
  const [way, interrupt] = WAYS[index % 2]!;
  return { way, moment, interrupt, reached };
});

test.each(CASES)('Ctrl-C $way, $moment, ends the start and leaves no process behind', async (given) => {
  const posthorn = launchPosthorn('start', installation.env);
  await eventually(() => given.reached(posthorn));

  given.interrupt(posthorn);

  const code = await posthorn.ended;
  // Null: the signal ended a launcher that had nothing to stop yet. 0: it was ready before the signal came, and stopped.
  const wasReady = printed(/Posthorn is ready/)(posthorn);
  expect([130, null, ...(wasReady ? [0] : [])]).toContain(code);
  await eventually(() => processesWith(installation.dataDir).length === 0);
  expect(posthorn.output()).not.toMatch(/^\s+at /m);
});

test('the start after an interrupted one succeeds', async () => {
  const first = launchPosthorn('start', installation.env);
  await eventually(() => anyFileThere('postgres/data.partial', 'postgres/data')(first));
  await first.end('SIGINT');

  const second = launchPosthorn('start', installation.env);
  await second.untilPrinted(/Posthorn is ready/);
  expect(await second.end('SIGINT')).toBe(0);
});

test('a worker that is waiting for Temporal stops when it is asked to', async () => {
  const env = {
    DATABASE_URL: process.env.POSTHORN_TEST_POSTGRES!,
    TEMPORAL_ADDRESS: '127.0.0.1:1',
    POSTHORN_ENCRYPTION_KEYS: Buffer.alloc(32, 7).toString('base64'),
    POSTHORN_DATA_DIR: installation.dataDir,
  };
  const worker = startPosthorn('worker', env);
  await worker.untilPrinted(/Nothing listens at 127\.0\.0\.1:1 .*TEMPORAL_ADDRESS/);

  expect(await worker.end('SIGTERM')).toBe(0);
});
