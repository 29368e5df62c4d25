import { startReceiver } from '../../receivers/receiver.ts';
import { eventually } from '../../set-up/eventually.ts';
import { type Delivery, startTestPosthorn, type TestPosthorn } from '../../set-up/test-posthorn.ts';

type Cancellation = { id: string; status: string; total: number | null; done: number; skipped: number };

let posthorn: TestPosthorn;
beforeAll(async () => {
  posthorn = await startTestPosthorn();
});
afterAll(() => posthorn.close());

const since = new Date(Date.now() - 3_600_000).toISOString();
const post = (type: string, count: number) =>
  posthorn.call('POST', '/v1/events/batch', {
    events: Array.from({ length: count }, (_, n) => ({ type, data: n })),
  });

test('open deliveries that fit a filter are cancelled: those that wait for a retry, and those that are held', async () => {
  const failing = await startReceiver([500]);
  const retried = await posthorn.newEndpoint(failing.url, { events: ['mistake.*'] });
  const held = await posthorn.newEndpoint(failing.url, { events: ['mistake.*', 'fine'] });
  await posthorn.call('POST', `/v1/endpoints/${held.id}/pause`);
  await post('mistake.one', 700);
  await post('fine', 3);
  await failing.untilReceived(700);
  const listed = (query: string) =>
    posthorn.call<{ items: Delivery[] }>('GET', `/v1/deliveries?limit=200&${query}`);
  await eventually(async () => (await listed(`endpoint=${retried.id}&status=pending`)).items.length === 0);

  const filter = { since, type: 'mistake.one' };
  expect(await posthorn.call('POST', '/v1/cancellations', { ...filter, dryRun: true })).toMatchObject({
    matches: 1_400,
    endpoints: 2,
  });
  expect(
    await posthorn.call('POST', '/v1/cancellations', { ...filter, endpoint: held.id, dryRun: true }),
  ).toMatchObject({ matches: 700, endpoints: 1 });

  const { id } = await posthorn.call<Cancellation>('POST', '/v1/cancellations', filter);
  const state = () => posthorn.call<Cancellation>('GET', `/v1/cancellations/${id}`);
  await eventually(async () => (await state()).status === 'done');
  expect(await state()).toMatchObject({ total: 1_400, done: 1_400, skipped: 0 });
  expect((await listed('status=retrying')).items).toEqual([]);
  expect((await listed('status=held')).items).toHaveLength(3);
  expect((await listed('status=cancelled')).items[0]).toMatchObject({ reason: 'cancelled' });
  // Each workflow ends, because it is told, or finds out when its delivery is due.
  await eventually(
    async () =>
      (
        await posthorn.temporal.workflow.count(
          `ExecutionStatus = 'Running' AND WorkflowType != 'installation'`,
        )
      ).count === 0,
    30_000,
  );
  expect(failing.requests).toHaveLength(700);
  expect(await posthorn.call('GET', '/v1/cancellations')).toMatchObject({ items: [{ id }] });
  const again = await posthorn.client.call('POST', `/v1/cancellations/${id}/cancel`, {
    key: posthorn.project.key,
  });
  expect(again).toMatchObject({ status: 409, body: { code: 'recovery_final' } });
  await failing.close();
});

test('listed deliveries are cancelled, and those that are settled or unknown are left out', async () => {
  const { items } = await posthorn.call<{ items: Delivery[] }>('GET', '/v1/deliveries?status=held');
  const settled = await posthorn.call<{ items: Delivery[] }>('GET', '/v1/deliveries?status=cancelled');
  const deliveries = [items[0]!.id, settled.items[0]!.id, 'dlv_unknown'];
  const { id } = await posthorn.call<Cancellation>('POST', '/v1/cancellations', { deliveries });
  const state = () => posthorn.call<Cancellation>('GET', `/v1/cancellations/${id}`);
  await eventually(async () => (await state()).status === 'done');
  expect(await state()).toMatchObject({ total: 1, done: 1 });
  const left = await posthorn.call<{ items: Delivery[] }>('GET', '/v1/deliveries?status=held');
  expect(left.items).toHaveLength(items.length - 1);
});
