import type { Receiver } from '../../receivers/receiver.ts';
import { receiversPerTest } from '../../receivers/receivers-per-test.ts';
import { eventually } from '../../set-up/eventually.ts';
import {
  type Delivery,
  type Event,
  startTestPosthorn,
  type TestPosthorn,
} from '../../set-up/test-posthorn.ts';
import { postBatch } from './control-set-up.ts';

type Order = { ordered: boolean; head: (Delivery & { sequence: number }) | null; behind: number };
type Numbered = Event & { sequence: number };

const receiverThat = receiversPerTest();
let posthorn: TestPosthorn;

beforeAll(async () => {
  posthorn = await startTestPosthorn();
});
afterAll(() => posthorn.close());

let types = 0;
async function orderedEndpoint(receiver: Receiver): Promise<{ id: string; type: string }> {
  const type = `order.${++types}`;
  const { id } = await posthorn.newEndpoint(receiver.url, { events: [type], ordered: true });
  return { id, type };
}

const orderOf = (id: string): Promise<Order> => posthorn.call('GET', `/v1/endpoints/${id}/order`);
const idsReceived = ({ requests }: Receiver): string[] =>
  requests.map(({ headers }) => headers['webhook-id'] as string);

/** Posts events at the same time, and returns their ids in the order of their sequences. */
async function postAtOnce(type: string, count: number): Promise<string[]> {
  const events = await Promise.all(
    Array.from({ length: count }, () => posthorn.post({ type, data: {} }) as Promise<Numbered>),
  );
  return events.sort((a, b) => a.sequence - b.sequence).map(({ id }) => id);
}

test('events that are posted at the same time arrive in the order of their sequences, one at a time', async () => {
  let underWay = 0;
  let most = 0;
  const receiver = await receiverThat(async (_, response) => {
    most = Math.max(most, ++underWay);
    await new Promise((resolve) => setTimeout(resolve, 20));
    underWay -= 1;
    response.end();
  });
  const { type } = await orderedEndpoint(receiver);

  const ids = await postAtOnce(type, 25);
  await receiver.untilReceived(25);

  expect(idsReceived(receiver)).toEqual(ids);
  expect(most).toBe(1);
});

test('many events of an ordered endpoint share a workflow, which sends them one after the other', async () => {
  let underWay = 0;
  let most = 0;
  const receiver = await receiverThat((_, response) => {
    most = Math.max(most, ++underWay);
    response.end(() => (underWay -= 1));
  });
  const { type } = await orderedEndpoint(receiver);
  const ids = await postBatch(posthorn, type, 120);

  await receiver.untilReceived(120);

  expect(idsReceived(receiver)).toEqual(ids);
  expect(most).toBe(1);
  await posthorn.untilSettled(ids.at(-1)!);
  const { rows } = await posthorn.database.pool.query<{ n: number }>(
    `SELECT count(DISTINCT workflow_id)::int AS n FROM deliveries d
     JOIN events e ON e.project_id = d.project_id AND e.id = d.event_id WHERE e.type = $1`,
    [type],
  );
  // A slow machine sends fewer in the second after which a workflow releases the rest. Alone, each had its own.
  expect(rows[0]!.n).toBeLessThanOrEqual(60);
});

test('a delivery that fails holds back the others until its last attempt has failed, and is shown', async () => {
  await posthorn.call('PATCH', '/v1/project', { policy: { delays: ['3s'] } });
  const receiver = await receiverThat(500, 500, 200);
  const { id, type } = await orderedEndpoint(receiver);
  const [first, second, third] = (await postAtOnce(type, 3)) as [string, string, string];

  await eventually(async () => (await orderOf(id)).head?.status === 'retrying');
  expect(await orderOf(id)).toMatchObject({
    ordered: true,
    head: { event: first, attempts: 1, waitingFor: 'schedule' },
    behind: 2,
  });
  expect((await posthorn.eventOf(second)).deliveries).toMatchObject([
    { status: 'pending', attempts: 0, waitingFor: 'order' },
  ]);
  await receiver.untilReceived(4);

  expect(idsReceived(receiver)).toEqual([first, first, second, third]);
  expect((await posthorn.untilSettled(first)).deliveries).toMatchObject([
    { status: 'undeliverable', attempts: 2 },
  ]);
  await posthorn.untilSettled(third);
  expect(await orderOf(id)).toEqual({ ordered: true, head: null, behind: 0 });
  await posthorn.call('PATCH', '/v1/project', { policy: null });
});

test('what was held by a pause goes out in order, with what was posted meanwhile behind it', async () => {
  const receiver = await receiverThat();
  const { id, type } = await orderedEndpoint(receiver);
  await posthorn.call('POST', `/v1/endpoints/${id}/pause`);
  const held = await postAtOnce(type, 5);
  await posthorn.call('POST', `/v1/endpoints/${id}/resume`);
  const later = await postAtOnce(type, 5);
  await receiver.untilReceived(10);

  expect(idsReceived(receiver)).toEqual([...held, ...later]);
});

test('an endpoint becomes ordered and stops being so under load, and receives each event once', async () => {
  const receiver = await receiverThat();
  const type = `order.${++types}`;
  const { id } = await posthorn.newEndpoint(receiver.url, { events: [type] });
  const before = await postAtOnce(type, 20);
  expect(await posthorn.call('PATCH', `/v1/endpoints/${id}`, { ordered: true })).toMatchObject({
    ordered: true,
  });
  const ordered = await postAtOnce(type, 10);
  await receiver.untilReceived(30);
  const isOrdered = (event: string): boolean => ordered.includes(event);
  expect(idsReceived(receiver).filter(isOrdered)).toEqual(ordered);

  expect(await posthorn.call('PATCH', `/v1/endpoints/${id}`, { ordered: false })).toMatchObject({
    ordered: false,
  });
  const after = await postAtOnce(type, 10);
  await receiver.untilReceived(40);
  expect(new Set(idsReceived(receiver))).toEqual(new Set([...before, ...ordered, ...after]));
});
