import { pendingResponse } from '../../receivers/pending-response.ts';
import { receiversPerTest } from '../../receivers/receivers-per-test.ts';
import { eventually } from '../../set-up/eventually.ts';
import { startTestPosthorn, type TestPosthorn } from '../../set-up/test-posthorn.ts';
import { untilStarted } from '../workflows/until-started.ts';

let posthorn: TestPosthorn;
const receiverThat = receiversPerTest();

beforeAll(async () => {
  posthorn = await startTestPosthorn();
});
afterAll(() => posthorn.close());

const post = (type: string) => posthorn.post({ type, data: {} });
const endpointAt = (id: string) =>
  posthorn.call<{ status: string; disabledReason: string | null }>('GET', `/v1/endpoints/${id}`);

test('an endpoint that responds 410 is disabled, its open deliveries end, and nothing more is sent', async () => {
  const receiver = await receiverThat(500, 410);
  const { id } = await posthorn.newEndpoint(receiver.url, { events: ['of.gone'] });
  const waits = await post('of.gone');
  await eventually(async () => (await posthorn.eventOf(waits.id)).deliveries[0]!.status === 'retrying');
  const { workflow } = (await posthorn.eventOf(waits.id)).deliveries[0]!;

  await untilStarted(posthorn.temporal, workflow!.id);

  const gone = await post('of.gone');

  expect(await posthorn.untilSettled(gone.id)).toMatchObject({
    status: 'undeliverable',
    deliveries: [{ reason: 'gone', attempts: 1, lastOutcome: 'rejected' }],
  });
  expect(await posthorn.untilSettled(waits.id)).toMatchObject({
    status: 'undeliverable',
    deliveries: [{ reason: 'gone', attempts: 1, nextAttemptAt: null }],
  });
  // Its timer would have kept the workflow for another minute.
  await eventually(async () => {
    const { status } = await posthorn.temporal.workflow.getHandle(workflow!.id).describe();
    return status.name === 'FAILED';
  });
  expect(await endpointAt(id)).toMatchObject({
    status: 'disabled',
    disabledReason: 'gone',
    disabledBy: null,
  });

  expect(await post('of.gone')).toMatchObject({ status: 'unrouted', deliveries: [] });
  expect(receiver.requests).toHaveLength(2);
});

test('an endpoint that is enabled again gets events again', async () => {
  const receiver = await receiverThat(410, 200);
  const { id } = await posthorn.newEndpoint(receiver.url, { events: ['of.enabled'] });
  await posthorn.untilSettled((await post('of.enabled')).id);

  const enabled = await posthorn.call('POST', `/v1/endpoints/${id}/enable`);

  expect(enabled).toMatchObject({ status: 'active', disabledReason: null });
  expect(await posthorn.untilSettled((await post('of.enabled')).id)).toMatchObject({ status: 'delivered' });
});

test('what an endpoint missed while it was gone is sent by a recovery of missing events, and what failed by one of failed ones', async () => {
  const receiver = await receiverThat(410, 200);
  const { id } = await posthorn.newEndpoint(receiver.url, { events: ['of.missed'] });
  const ended = await post('of.missed');
  await posthorn.untilSettled(ended.id);
  const missed = await post('of.missed');
  expect(missed).toMatchObject({ status: 'unrouted' });
  await posthorn.call('POST', `/v1/endpoints/${id}/enable`);

  const since = new Date(Date.now() - 60_000).toISOString();
  for (const [what, event] of [
    ['missing', missed],
    ['failed', ended],
  ] as const) {
    const filter = { what, endpoint: id, since };
    expect(await posthorn.call('POST', '/v1/recoveries', { ...filter, dryRun: true })).toMatchObject({
      matches: 1,
    });
    await posthorn.call('POST', '/v1/recoveries', filter);
    await eventually(async () =>
      (await posthorn.eventOf(event.id)).deliveries.some(({ status }) => status === 'delivered'),
    );
  }
  expect(receiver.requests).toHaveLength(3);
});

test('an attempt that is under way when another one gets 410 still counts if it succeeds', async () => {
  const slow = pendingResponse();
  const receiver = await receiverThat(slow.step, 410);
  await posthorn.newEndpoint(receiver.url, { events: ['of.both'] });
  const underWay = await post('of.both');
  await receiver.untilReceived(1);
  await posthorn.untilSettled((await post('of.both')).id);
  slow.respond(200);
  expect(await posthorn.untilSettled(underWay.id)).toMatchObject({ status: 'delivered' });
});

test('a profile without the rule retries after 410 as after any failure', async () => {
  const { key } = await posthorn.newProject({ profile: 'smartlyq', policy: { delays: ['0s'] } });
  const receiver = await receiverThat(410, 200);
  const call = (path: string, body: object) => posthorn.client.call('POST', path, { key, body });
  const { body: endpoint } = await call('/v1/endpoints', { url: receiver.url, events: ['job.failed'] });
  await call('/v1/events?wait=20s', { type: 'job.failed', data: {} });
  expect(receiver.requests).toHaveLength(2);
  const { id } = endpoint as { id: string };
  expect((await posthorn.client.call('GET', `/v1/endpoints/${id}`, { key })).body).toMatchObject({
    status: 'active',
  });
});
