import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { processIdentity } from '../../src/embedded/processes/process-identity.ts';
import { type DevServer, startDevServer } from '../../src/embedded/temporal/temporal.ts';

let dataDir: string;
const running: DevServer[] = [];

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'posthorn-temporal-'));
});

afterEach(async () => {
  for (const server of running.splice(0)) await server.stop();
  rmSync(dataDir, { recursive: true });
});

async function start(folder?: string): Promise<DevServer> {
  const server = await startDevServer({
    ...(folder && { dataDir: folder }),
    cliPath: process.env.TEMPORAL_CLI_PATH,
    log: () => {},
  });
  running.push(server);
  return server;
}

async function withClient<T>({ address }: DevServer, work: (client: Client) => Promise<T>): Promise<T> {
  const connection = await Connection.connect({ address });
  try {
    return await work(new Client({ connection }));
  } finally {
    await connection.close();
  }
}

test('a workflow that was started is there after a stop and a start, at the same address', async () => {
  const first = await start(dataDir);
  await withClient(first, (client) =>
    client.workflow.start('any', { taskQueue: 'none', workflowId: 'kept' }),
  );
  await first.stop();
  expect(processIdentity(first.pid)).toBeUndefined();

  const second = await start(dataDir);

  expect({ address: second.address, uiUrl: second.uiUrl }).toEqual({
    address: first.address,
    uiUrl: first.uiUrl,
  });
  const { status } = await withClient(second, (client) => client.workflow.getHandle('kept').describe());
  expect(status.name).toBe('RUNNING');
});

test('the Web UI responds, and the default namespace keeps closed workflows for seven days', async () => {
  const server = await start(dataDir);

  expect((await fetch(server.uiUrl)).status).toBe(200);
  const described = await withClient(server, (client) =>
    client.workflowService.describeNamespace({ namespace: 'default' }),
  );
  expect(Number(described.config?.workflowExecutionRetentionTtl?.seconds)).toBe(7 * 86_400);
});

test('one that was left running on the data is stopped by the next start', async () => {
  const left = await start(dataDir);

  const second = await start(dataDir);

  expect(processIdentity(left.pid)).toBeUndefined();
  expect(second.address).toBe(left.address);
});

test('ports that are taken are avoided', async () => {
  const taken = await Promise.all([listenOn(7233), listenOn(8233)]);

  const server = await start(dataDir);

  expect(server.address).not.toBe('127.0.0.1:7233');
  expect(server.uiUrl).not.toBe('http://127.0.0.1:8233');
  for (const other of taken) other?.close();
});

test('two without a data folder run beside each other and share nothing', async () => {
  const [one, other] = await Promise.all([start(), start()]);
  await withClient(one, (client) => client.workflow.start('any', { taskQueue: 'none', workflowId: 'here' }));

  await expect(withClient(other, (client) => client.workflow.getHandle('here').describe())).rejects.toThrow();
});

/** Undefined when another process has the port already, which serves the test as well. */
function listenOn(port: number): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}
