import { pendingResponse } from '../../receivers/pending-response.ts';
import { receiversPerTest } from '../../receivers/receivers-per-test.ts';
import { eventTo } from '../../set-up/targets.ts';
import { startTestPosthorn, type TestPosthorn } from '../../set-up/test-posthorn.ts';
import { partsPerTest, startWorker, untilStatus } from './delivery-commands-set-up.ts';

let posthorn: TestPosthorn;
const receiverThat = receiversPerTest();
const { closers, startApi } = partsPerTest();

beforeAll(async () => {
  posthorn = await startTestPosthorn();
});
afterAll(() => posthorn.close());

test('deleting an endpoint cancels its open deliveries in every state and keeps final ones', async () => {
  const api = await startApi();
  let worker = await startWorker(api);
  const receiver = await receiverThat((request, response) => {
    response.writeHead(request.path === '/fails' ? 500 : 200).end();
  });
  const fine = await api.newEndpoint(receiver.url, { events: ['all.fine'] });
  const failing = await api.newEndpoint(`${receiver.url}fails`, { events: ['all.fails'] });
  const post = (type: string) => api.post({ type, data: {} });

  const delivered = await post('all.fine');
  await untilStatus(api, delivered, 'delivered');
  const retrying = await post('all.fails');
  await untilStatus(api, retrying, 'retrying');
  const paused = await post('all.fails');
  await untilStatus(api, paused, 'retrying');
  await api.database.pool.query(
    `UPDATE deliveries SET status = 'held', waiting_for = 'endpoint_paused', owner = NULL, due_at = NULL WHERE event_id = $1`,
    [paused.id],
  );
  await worker.close();
  const pending = [await post('all.fine'), await post('all.fails')];
  const sentBefore = receiver.requests.length;

  await api.call('DELETE', `/v1/endpoints/${fine.id}`);
  await api.call('DELETE', `/v1/endpoints/${failing.id}`);

  for (const event of [retrying, paused, ...pending]) {
    expect(await api.eventOf(event.id)).toMatchObject({
      status: 'cancelled',
      deliveries: [{ status: 'cancelled', reason: 'endpoint_deleted', nextAttemptAt: null }],
    });
  }
  expect(await api.eventOf(delivered.id)).toMatchObject({ status: 'delivered' });
  worker = await startWorker(api);
  closers.push(() => worker.close());
  const later = await api.post(eventTo(receiver));
  await api.untilSettled(later.id);
  expect(receiver.requests).toHaveLength(sentBefore + 1);
});

test.each([
  { responded: 200, status: 'delivered', reason: null },
  { responded: 500, status: 'cancelled', reason: 'endpoint_deleted' },
])(
  'deleting an endpoint during a POST with the response $responded makes the delivery $status',
  async ({ responded, status, reason }) => {
    const { step, respond } = pendingResponse();
    const receiver = await receiverThat(step);
    const endpoint = await posthorn.newEndpoint(receiver.url, { events: ['in.flight'] });
    const event = await posthorn.post({ type: 'in.flight', data: {} });
    await receiver.untilReceived(1);

    await posthorn.call('DELETE', `/v1/endpoints/${endpoint.id}`);
    respond(responded);

    expect(await posthorn.untilSettled(event.id)).toMatchObject({
      deliveries: [{ status, reason, attempts: 1 }],
    });
  },
);
