import { WorkflowNotFoundError } from '@temporalio/client';
import { receiversPerTest } from '../../receivers/receivers-per-test.ts';
import { eventually } from '../../set-up/eventually.ts';
import { tablesWith } from '../../set-up/stored-text.ts';
import { SECRET } from '../../set-up/targets.ts';
import { type Event, startTestPosthorn, type TestPosthorn } from '../../set-up/test-posthorn.ts';
import { stageFailures } from '../recoveries/stage-failures.ts';

const ADMIN_KEY = 'admin-key-of-the-tests-0123456789';
let posthorn: TestPosthorn;
const receiverThat = receiversPerTest();

beforeAll(async () => {
  posthorn = await startTestPosthorn({ settings: { firstAttempt: 'workflow', jobStepsPerRun: 1 } });
});
afterAll(() => posthorn.close());

type Erasure = { id: string; status: string; eventsErased: number; workflowsDeleted: number };

const erasureOf = (id: string) => posthorn.call<Erasure>('GET', `/v1/erasures/${id}`);

/** A job may have to wait for a workflow that was about to start. */
async function untilCompleted({ id }: Erasure, timeoutMs = 100_000): Promise<Erasure> {
  await eventually(async () => (await erasureOf(id)).status === 'completed', timeoutMs);
  return erasureOf(id);
}

const hasWorkflow = (id: string, runId?: string): Promise<boolean> =>
  posthorn.temporal.workflow
    .getHandle(id, runId)
    .describe()
    .then(
      () => true,
      (error) => {
        if (error instanceof WorkflowNotFoundError) return false;
        throw error;
      },
    );

const hourAgo = () => new Date(Date.now() - 2 * 3_600_000).toISOString();

const statusOf = async (method: string, path: string, key = posthorn.project.key) =>
  (await posthorn.client.call(method, path, { key })).status;

test('a consumer is erased from Postgres and from Temporal, and the job reports its end', async () => {
  const plant = `plant-${Date.now()}`;
  const receiver = await receiverThat((_request, response) => void response.end(plant));
  await posthorn.newEndpoint(`${receiver.url}${plant}`, { consumer: 'patient-7' });
  const post = (consumer: string) => ({ type: 'a.b', consumer, data: plant, attributes: { mail: plant } });
  const event = await posthorn.post(post('patient-7'));
  const settled = await posthorn.untilSettled(event.id);
  const workflow = settled.deliveries[0]!.workflow!.id;
  expect(await hasWorkflow(workflow)).toBe(true);
  expect((await tablesWith(posthorn.database.pool, plant)).length).toBeGreaterThan(2);

  const job = await posthorn.call<Erasure>('DELETE', '/v1/consumers/patient-7?erase=true');
  const completed = await untilCompleted(job);

  expect(completed).toMatchObject({
    kind: 'consumer',
    subject: 'patient-7',
    eventsErased: 1,
    workflowsDeleted: 1,
  });
  expect(await tablesWith(posthorn.database.pool, plant)).toEqual([]);
  expect(await hasWorkflow(workflow)).toBe(false);
  expect(await statusOf('GET', `/v1/events/${event.id}`)).toBe(404);
  expect(await statusOf('GET', `/v1/deliveries/${settled.deliveries[0]!.id}/attempts`)).toBe(404);
  expect(await statusOf('GET', '/v1/consumers/patient-7')).toBe(404);
  expect(await statusOf('DELETE', '/v1/consumers/never-seen?erase=true')).toBe(404);
});

test('a running recovery of a consumer ends when its erasure begins, and its workflow is deleted', async () => {
  const receiver = await receiverThat(200);
  const { pool } = posthorn.database;
  const { id: endpoint } = await posthorn.newEndpoint(receiver.url, { consumer: 'patient-8' });
  await stageFailures(pool, { project: posthorn.project.id, endpoint, consumer: 'patient-8' }, 100);
  const { id } = await posthorn.call<{ id: string }>('POST', '/v1/recoveries', {
    ...{ what: 'failed', consumer: 'patient-8', since: hourAgo(), rate: 2 },
  });
  await receiver.untilReceived(1);

  const job = await posthorn.call<Erasure>('DELETE', '/v1/consumers/patient-8?erase=true');
  const { rows } = await pool.query('SELECT status FROM bulk_jobs WHERE id = $1', [id]);
  expect(['cancelled', undefined]).toContain(rows[0]?.status);
  expect(await untilCompleted(job)).toMatchObject({ eventsErased: 100 });

  expect(await hasWorkflow(`recover/${posthorn.project.id}/${id}/1`)).toBe(false);
  expect(await tablesWith(pool, 'patient-8')).toEqual(['audit_entries', 'deleted_consumers', 'erasures']);
  expect(receiver.requests.length).toBeLessThan(50);
});

test('a workflow that also carries deliveries of another event is deleted, and these go on in another one', async () => {
  await posthorn.call('PATCH', '/v1/project', { policy: { delays: ['3s'], timeout: '5s' } });
  const quick = await receiverThat(200);
  const failing = await receiverThat(500, 200);
  const { items } = await posthorn.call<{ items: Event[] }>('POST', '/v1/events/batch', {
    events: [quick, failing].map(({ url }) => ({ type: 'a.b', data: {}, target: { url, secret: SECRET } })),
  });
  const [gone, kept] = items as [Event, Event];
  await posthorn.untilSettled(gone.id);
  await eventually(async () => (await posthorn.eventOf(kept.id)).deliveries[0]!.status === 'retrying');
  const shared = (await posthorn.eventOf(gone.id)).deliveries[0]!.workflow!.id;
  expect((await posthorn.eventOf(kept.id)).deliveries[0]!.workflow!.id).toBe(shared);

  const job = await posthorn.call<Erasure>('DELETE', `/v1/events/${gone.id}`);

  expect(await untilCompleted(job)).toMatchObject({ eventsErased: 1, workflowsDeleted: 1 });
  expect(await hasWorkflow(shared)).toBe(false);
  expect(await posthorn.untilSettled(kept.id)).toMatchObject({
    status: 'delivered',
    deliveries: [{ attempts: 2 }],
  });
  expect(failing.requests).toHaveLength(2);
});

test('the id of an erased event is that of a new event, and is delivered again', async () => {
  const receiver = await receiverThat(200, 200);
  const event = { id: 'again', type: 'a.b', data: 1, target: { url: receiver.url, secret: SECRET } };
  await posthorn.post(event);
  await posthorn.untilSettled('again');

  await untilCompleted(await posthorn.call<Erasure>('DELETE', '/v1/events/again'));
  expect(await statusOf('DELETE', '/v1/events/again')).toBe(404);
  await posthorn.post(event);
  await posthorn.untilSettled('again');

  expect(receiver.requests).toHaveLength(2);
});

test('a project is erased: its keys stop working at once, and the admin key sees the end of the job', async () => {
  const { id, key } = await posthorn.newProject();
  const receiver = await receiverThat(200);
  const target = { url: receiver.url, secret: SECRET };
  const { body } = await posthorn.client.call('POST', '/v1/events?wait=30s', {
    key,
    body: { type: 'a.b', data: 1, target },
  });
  expect(body).toMatchObject({ status: 'delivered' });

  // Its workflow continues as new after each step.
  const endpoint = await posthorn.client.call('POST', '/v1/endpoints', { key, body: { url: receiver.url } });
  const failed = { project: id, endpoint: (endpoint.body as { id: string }).id };
  await stageFailures(posthorn.database.pool, failed, 6);
  const started = await posthorn.client.call('POST', '/v1/recoveries', {
    key,
    body: { what: 'failed', since: hourAgo(), rate: 1 },
  });
  const recovery = `recover/${id}/${(started.body as { id: string }).id}/1`;
  await receiver.untilReceived(1 + 6);
  const { firstRunId } = (await posthorn.temporal.workflow.getHandle(recovery).describe()).raw
    .workflowExecutionInfo!;
  expect((await posthorn.temporal.workflow.getHandle(recovery).describe()).runId).not.toBe(firstRunId);

  const begun = await posthorn.client.call('DELETE', `/v1/projects/${id}`, { key: ADMIN_KEY });
  expect(begun.status).toBe(202);
  const job = begun.body as Erasure;
  expect(await statusOf('GET', '/v1/project', key)).toBe(401);
  expect(await statusOf('GET', `/v1/projects/${id}`, ADMIN_KEY)).toBe(404);
  expect(await statusOf('GET', `/v1/erasures/${job.id}`)).toBe(404);
  await eventually(async () => {
    const found = await posthorn.client.call('GET', `/v1/erasures/${job.id}`, { key: ADMIN_KEY });
    return (found.body as Erasure).status === 'completed';
  }, 100_000);

  expect(await hasWorkflow(recovery)).toBe(false);
  await eventually(async () => !(await hasWorkflow(recovery, firstRunId!)), 90_000);
  const left = await tablesWith(posthorn.database.pool, id);
  expect(left).toEqual(['audit_entries', 'erasures']);
});
