import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/embedded/postgres/postgres.ts';
import { processIdentity } from '../../src/embedded/processes/process-identity.ts';
import { eventually } from '../set-up/eventually.ts';

const isRoot = process.getuid?.() === 0;

let dataDir: string;
let running: EmbeddedPostgres | undefined;
let holder: ChildProcess | undefined;
let heldPid: number | undefined;
let lines: string[];

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'posthorn-postgres-'));
  chmodSync(dataDir, 0o711);
  lines = [];
});

afterEach(async () => {
  holder?.kill('SIGKILL');
  await running?.stop();
  // Its watcher stops it; while it still writes, its folder cannot be removed.
  if (heldPid) await eventually(() => processIdentity(heldPid!) === undefined);
  [running, holder, heldPid] = [undefined, undefined, undefined];
  rmSync(dataDir, { recursive: true, force: true });
});

async function start(durable = false): Promise<EmbeddedPostgres> {
  running = await startEmbeddedPostgres({ dataDir, durable, log: (line) => lines.push(line) });
  return running;
}

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {}); // of a server that is killed under a query; the query itself says so
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

/** Starts Postgres from another process, as `npm start` would, and gives it a row to keep. */
async function startElsewhere(): Promise<{ url: string; pid: number }> {
  const script = join(__dirname, 'hold-postgres.ts');
  holder = spawn(process.execPath, [script, dataDir], {
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  });
  const said = await new Promise<string>((resolve) =>
    holder!.stdout!.once('data', (data) => resolve(String(data))),
  );
  const server = JSON.parse(said) as { url: string; pid: number };
  heldPid = server.pid;
  await query(server.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
  return server;
}

const BUSY = `SELECT FROM pg_stat_activity WHERE query LIKE 'SELECT sum%' AND state = 'active'`;

const watcherOf = (pid: number): number =>
  Number(execFileSync('pgrep', ['-f', `posthorn-watcher INT ${pid}$`], { encoding: 'utf8' }));

test('what was written is there after a stop and a start, on the same port', async () => {
  const first = await start(true);
  await query(first.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
  await first.stop();
  expect(processIdentity(first.pid)).toBeUndefined();

  const second = await start(true);

  expect(second.url).toBe(first.url);
  expect(await query(second.url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
  expect(await query(second.url, 'SHOW fsync')).toEqual([{ fsync: 'on' }]);
});

test('it listens on loopback only, and asks for its password', async () => {
  const { url } = await start();

  expect(await query(url, 'SHOW listen_addresses')).toEqual([{ listen_addresses: '127.0.0.1' }]);
  const wrong = new URL(url);
  wrong.password = 'wrong';
  await expect(query(wrong.toString(), 'SELECT 1')).rejects.toThrow('password authentication failed');
});

test('when its port is taken meanwhile, it takes another', async () => {
  const first = await start();
  await first.stop();
  const intruder = await listenOn(Number(new URL(first.url).port));

  const second = await start();

  expect(new URL(second.url).port).not.toBe(new URL(first.url).port);
  await query(second.url, 'SELECT 1');
  intruder.close();
});

test('Ctrl-C in the terminal of its starter leaves it running, so that the starter can drain first', async () => {
  const server = await startElsewhere();
  const answer = new Promise<string>((resolve) =>
    holder!.stdout!.once('data', (data) => resolve(String(data))),
  );

  process.kill(-holder!.pid!, 'SIGINT');

  expect(await answer).toBe('interrupted\n');
  expect(await query(server.url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
});

test('after kill -9 of its starter it ends by itself, and a start goes on where it was', async () => {
  const server = await startElsewhere();

  holder!.kill('SIGKILL');
  await eventually(() => processIdentity(server.pid) === undefined);

  const { url } = await start();
  expect(await query(url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
});

test('one that was left running is stopped by the next start, which goes on with its data', async () => {
  const server = await startElsewhere();
  process.kill(watcherOf(server.pid), 'SIGKILL');
  holder!.kill('SIGKILL');
  await eventually(() => holder!.signalCode !== null);
  expect(processIdentity(server.pid)).toBeDefined();

  const second = await start();

  expect(processIdentity(server.pid)).toBeUndefined();
  expect(await query(second.url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
});

test('after kill -9 of the server itself, and with its process id now another process, it starts', async () => {
  const server = await startElsewhere();
  process.kill(server.pid, 'SIGKILL');
  await eventually(() => processIdentity(server.pid) === undefined);
  holder!.kill('SIGKILL');
  const note = join(dataDir, 'postgres/data/postmaster.pid');
  const [, ...rest] = readFileSync(note, 'utf8').split('\n');
  writeFileSync(note, [process.ppid, ...rest].join('\n'));

  const { url } = await start();

  expect(await query(url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
});

test('it starts while the server that was killed is still being reaped, and a backend still at work', async () => {
  const server = await startElsewhere();
  process.kill(watcherOf(server.pid), 'SIGKILL');
  const busy = query(server.url, 'SELECT sum(i) FROM generate_series(1, 8000000) i').catch(() => {});
  await eventually(async () => (await query(server.url, BUSY)).length === 1);
  holder!.kill('SIGSTOP'); // the parent, which would reap it
  process.kill(server.pid, 'SIGKILL');

  const { url } = await start();

  expect(await query(url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
  await busy;
});

test('an initdb that was interrupted is done again', async () => {
  const first = await start();
  await first.stop();
  execFileSync('mv', [join(first.folder, 'data'), join(first.folder, 'data.partial')]);

  const { url } = await start();

  await query(url, 'SELECT 1');
});

(isRoot ? test : test.skip)(
  'as root, in a folder that only root can enter, its data is elsewhere, and it says so',
  async () => {
    chmodSync(dataDir, 0o700);

    const first = await start();

    const elsewhere = readlinkSync(join(dataDir, 'postgres'));
    expect(lines.join()).toContain(elsewhere);
    expect(first.folder).toBe(elsewhere);
    await query(first.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
    await first.stop();

    const second = await start();
    expect(await query(second.url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
    await second.stop();
    rmSync(elsewhere, { recursive: true });
    expect(existsSync(elsewhere)).toBe(false);
  },
);

function listenOn(port: number): Promise<Server> {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}
