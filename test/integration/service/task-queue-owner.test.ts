import { createLogger } from '../../../src/observability/log.ts';
import { takeOverTaskQueue } from '../../../src/service/preflight/take-over.ts';
import { StartFailure } from '../../../src/service/start-failure.ts';
import { startService } from '../../../src/service/start-service.ts';
import { createTemporalGateway } from '../../../src/temporal/gateway.ts';
import { type Receiver, startReceiver } from '../../receivers/receiver.ts';
import { eventually } from '../../set-up/eventually.ts';
import { copyOfDatabase, createTestDatabase, type TestDatabase } from '../../set-up/servers/database.ts';
import { startTestPosthorn, type TestPosthorn } from '../../set-up/test-posthorn.ts';

const log = createLogger({ level: 'silent', name: 'test' });
const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function start(options: Parameters<typeof startTestPosthorn>[0] = {}): Promise<TestPosthorn> {
  const posthorn = await startTestPosthorn(options);
  closers.push(posthorn.close);
  return posthorn;
}

async function anotherDatabase(): Promise<TestDatabase> {
  const database = await createTestDatabase();
  closers.push(database.drop);
  return database;
}

async function receiverThat(...script: number[]): Promise<Receiver> {
  const receiver = await startReceiver(script);
  closers.push(receiver.close);
  return receiver;
}

const onQueue = ({ config }: TestPosthorn, taskQueue: string) => ({
  settings: { temporal: { ...config.temporal, taskQueue } },
});

test('a second database is refused on a task queue that has an owner, and is told what to do', async () => {
  const first = await start();
  const { namespace } = first.config.temporal;
  const database = await anotherDatabase();

  const refused = await startTestPosthorn({ namespace, database }).catch((error: unknown) => error);

  expect(refused).toBeInstanceOf(StartFailure);
  const { message } = refused as StartFailure;
  expect(message).toContain(`The task queue "posthorn" in the Temporal namespace "${namespace}" belongs to`);
  expect(message).toMatch(/set TEMPORAL_TASK_QUEUE or TEMPORAL_NAMESPACE\..*"posthorn migrate --take-over"/);
  // The first one goes on, and so do its further processes.
  const worker = await startService(first.config, { api: false, worker: true }, { log });
  closers.push(worker.close);
  const receiver = await receiverThat(200);
  await first.newEndpoint(receiver.url);
  const event = await first.post({ type: 'a.b', data: {} });
  expect(await first.untilSettled(event.id)).toMatchObject({ status: 'delivered' });
});

test('of two databases that start on a task queue at the same time, one is refused', async () => {
  const { config } = await start();
  const databases = [await anotherDatabase(), await anotherDatabase()];
  const temporal = { ...config.temporal, taskQueue: 'wanted' };

  const starts = await Promise.allSettled(
    databases.map((database) => start({ database, settings: { temporal } })),
  );

  expect(starts.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
});

test('two databases deliver in one namespace, each on a task queue of its own', async () => {
  const first = await start();
  const second = await start({ database: await anotherDatabase(), ...onQueue(first, 'second') });

  for (const posthorn of [first, second]) {
    await posthorn.call('PATCH', '/v1/project', { policy: { delays: ['1s'] } });
    const receiver = await receiverThat(500, 200);
    await posthorn.newEndpoint(receiver.url);
    const event = await posthorn.post({ type: 'a.b', data: {} });
    expect(await posthorn.untilSettled(event.id)).toMatchObject({ status: 'delivered' });
    expect(receiver.requests).toHaveLength(2);
    const { workflow } = (await posthorn.eventOf(event.id)).deliveries[0]!;
    const { taskQueue } = await first.temporal.workflow.getHandle(workflow!.id).describe();
    expect(taskQueue).toBe(posthorn.config.temporal.taskQueue);
  }
});

test('a restored database takes the task queue over and delivers what waits in it', async () => {
  const failing = await receiverThat(500, 200);
  const database = await createTestDatabase();
  const original = await startTestPosthorn({ database });
  const { namespace } = original.config.temporal;
  const encryptionKey = original.config.encryptionKeys[0]!;
  await original.call('PATCH', '/v1/project', { policy: { delays: ['4s'] } });
  await original.newEndpoint(failing.url);
  const event = await original.post({ type: 'a.b', data: {} });
  await failing.untilReceived(1);
  await eventually(async () => (await original.eventOf(event.id)).deliveries[0]!.status === 'retrying');
  await original.close();
  await database.pool.end(); // nothing may be connected to what is copied
  const restored = await copyOfDatabase(database.url);
  closers.push(restored.drop);
  const options = { namespace, database: restored, encryptionKey };
  await expect(startTestPosthorn(options)).rejects.toBeInstanceOf(StartFailure);

  await takeOverTaskQueue({ ...original.config, databaseUrl: restored.url });

  const posthorn = await start(options);
  await eventually(async () => {
    const { rows } = await restored.pool.query('SELECT FROM deliveries WHERE status = $1', ['delivered']);
    return rows.length === 1;
  });
  expect(failing.requests).toHaveLength(2);
  expect(posthorn.config.databaseUrl).toBe(restored.url);
});

test('a workflow on a task queue that was used before counts as wedged, so its deliveries get another one', async () => {
  const { temporal } = await start();
  await temporal.workflow.start('deliver', { workflowId: 'left', taskQueue: 'used-before', args: [] });
  const options = { eager: () => false, hasSearchAttributes: () => false };

  const stateOn = (taskQueue: string) =>
    createTemporalGateway(temporal, { taskQueue, ...options }).stateOf('left');

  expect(await stateOn('posthorn')).toBe('wedged');
  expect(await stateOn('used-before')).toBe('running');
});
