import { setTimeout as sleep } from 'node:timers/promises';
import { createLogger } from '../../../src/observability/log.ts';
import { pendingResponse } from '../../receivers/pending-response.ts';
import { receiversPerTest } from '../../receivers/receivers-per-test.ts';
import { eventually } from '../../set-up/eventually.ts';
import { eventTo } from '../../set-up/targets.ts';
import { type Event, startTestPosthorn, type TestPosthorn } from '../../set-up/test-posthorn.ts';
import { deliveryOf } from '../dispatch/delivery-commands-set-up.ts';

let posthorn: TestPosthorn;
const receiverThat = receiversPerTest();

beforeAll(async () => {
  posthorn = await startTestPosthorn({ settings: { firstAttempt: 'express' } });
});
afterAll(() => posthorn.close());

type Carrier = { express: number; workflows: number };

/** What makes the first attempts of the events, by the owners in Postgres. */
async function carriersOf(eventIds: string[]): Promise<Carrier> {
  const { rows } = await posthorn.database.pool.query<Carrier>(
    `SELECT (count(*) FILTER (WHERE starts_with(owner, 'express/')))::int AS express,
            (count(*) FILTER (WHERE owner IS NULL OR NOT starts_with(owner, 'express/')))::int AS workflows
     FROM deliveries WHERE event_id = ANY ($1)`,
    [eventIds],
  );
  return rows[0]!;
}

/** How many deliveries of the events have one of the statuses. */
async function countWith(eventIds: string[], statuses: string[]): Promise<number> {
  const { rows } = await posthorn.database.pool.query<{ n: number }>(
    'SELECT count(*)::int AS n FROM deliveries WHERE event_id = ANY ($1) AND status = ANY ($2)',
    [eventIds, statuses],
  );
  return rows[0]!.n;
}

const postBatch = async (events: object[]): Promise<string[]> =>
  (await posthorn.call<{ items: Event[] }>('POST', '/v1/events/batch', { events })).items.map(({ id }) => id);

async function expectByWorkflow(event: { id: string }): Promise<void> {
  expect(await posthorn.untilSettled(event.id)).toMatchObject({ status: 'delivered' });
  expect((await deliveryOf(posthorn, event)).workflow!.id).not.toBeNull();
}

test('a slow receiver gets its first attempts by workflows', async () => {
  const receiver = await receiverThat(200);
  const endpoint = await posthorn.newEndpoint(receiver.url, { events: ['to.slow'] });
  await posthorn.database.pool.query(
    `INSERT INTO receiver_gates (receiver, project_id, slow_since, slow_cause) VALUES ($1, 'prj', now(), 'no_response')`,
    [endpoint.id],
  );

  await expectByWorkflow(await posthorn.post({ type: 'to.slow', data: {} }));
});

test('a body over 64 KiB is sent by a workflow, and one of 60 KiB at once', async () => {
  const receiver = await receiverThat(200);
  const large = await posthorn.post({ ...eventTo(receiver), data: 'x'.repeat(65 * 1024) });
  const small = await posthorn.post({ ...eventTo(receiver), data: 'x'.repeat(60 * 1024) });

  await expectByWorkflow(large);
  expect(await posthorn.untilSettled(small.id)).toMatchObject({
    deliveries: [{ status: 'delivered', workflow: { id: null } }],
  });
});

test('a delivery to a paused endpoint is held, and sent by a workflow when it is resumed', async () => {
  const receiver = await receiverThat(200);
  const endpoint = await posthorn.newEndpoint(receiver.url, { events: ['to.paused'] });
  await posthorn.call('POST', `/v1/endpoints/${endpoint.id}/pause`);

  const event = await posthorn.post({ type: 'to.paused', data: {} });
  expect(await deliveryOf(posthorn, event)).toMatchObject({ status: 'held', attempts: 0 });
  expect(receiver.requests).toHaveLength(0);
  await posthorn.call('POST', `/v1/endpoints/${endpoint.id}/resume`);

  await expectByWorkflow(event);
  expect(receiver.requests).toHaveLength(1);
});

test('an attempt to an endpoint that is paused meanwhile starts at most a second afterwards, and the rest once it is resumed', async () => {
  const receiver = await receiverThat(200);
  const endpoint = await posthorn.newEndpoint(receiver.url, { events: ['to.pausing'] });
  const postTwenty = () =>
    Promise.all(
      Array.from({ length: 20 }, async (_, n) => {
        await sleep(n * 10);
        return posthorn.post({ type: 'to.pausing', data: {} });
      }),
    );
  const before = postTwenty();
  await receiver.untilReceived(10);

  const meanwhile = postTwenty();
  await posthorn.call('POST', `/v1/endpoints/${endpoint.id}/pause`);
  const pausedAt = Date.now();
  const afterwards = postTwenty();
  const ids = (await Promise.all([before, meanwhile, afterwards])).flat().map(({ id }) => id);
  await eventually(async () => (await countWith(ids, ['held', 'delivered'])) === 60);
  expect(await countWith(ids, ['held'])).toBeGreaterThanOrEqual(20);
  // A busy receiver reads a request later than it was sent.
  const { rows: attempts } = await posthorn.database.pool.query<{ startedAt: Date }>(
    `SELECT started_at AS "startedAt" FROM attempts JOIN deliveries ON id = delivery_id WHERE event_id = ANY ($1)`,
    [ids],
  );
  expect(attempts).toHaveLength(receiver.requests.length);
  for (const { startedAt } of attempts) expect(startedAt.getTime()).toBeLessThanOrEqual(pausedAt + 1_000);
  await posthorn.call('POST', `/v1/endpoints/${endpoint.id}/resume`);

  await eventually(async () => (await countWith(ids, ['delivered'])) === 60);
  expect(new Set(receiver.requests.map(({ headers }) => headers['webhook-id'])).size).toBe(60);
  expect(receiver.requests).toHaveLength(60);
});

test.each([
  { bound: '256 attempts under way to a receiver', endpoints: 1, events: 400, max: 256 },
  { bound: 'half of 2,048 attempts under way for a project', endpoints: 6, events: 250, max: 1_024 },
])(
  'beyond $bound the rest goes to workflows, and each delivery is sent once',
  async ({ endpoints, events, max }) => {
    const { step, respond } = pendingResponse();
    const receiver = await receiverThat(step);
    const type = `to.many${endpoints}`;
    for (let n = 0; n < endpoints; n++) await posthorn.newEndpoint(`${receiver.url}${n}`, { events: [type] });
    const deliveries = endpoints * events;

    const ids = await postBatch(Array.from({ length: events }, () => ({ type, data: {} })));
    const { express, workflows } = await carriersOf(ids);
    expect(express + workflows).toBe(deliveries);
    expect(express).toBeGreaterThan(50);
    expect(express).toBeLessThanOrEqual(max);
    respond(200);

    await eventually(async () => {
      const { rows } = await posthorn.database.pool.query(
        `SELECT FROM deliveries WHERE event_id = ANY ($1) AND status <> 'delivered' LIMIT 1`,
        [ids],
      );
      return rows.length === 0;
    }, 60_000);
    const { rows } = await posthorn.database.pool.query(
      `SELECT a.outcome, count(*)::int AS n FROM attempts a JOIN deliveries d ON d.id = a.delivery_id
     WHERE d.event_id = ANY ($1) GROUP BY 1`,
      [ids],
    );
    expect(rows).toEqual([{ outcome: 'delivered', n: deliveries }]);
    const sent = receiver.requests.map(({ headers, path }) => `${headers['webhook-id']} ${path}`);
    expect(new Set(sent).size).toBe(deliveries);
    expect(sent).toHaveLength(deliveries);
  },
);

test('a process without a worker makes first attempts by workflows, and says so at its start', async () => {
  const lines: string[] = [];
  const log = createLogger({ level: 'warn', name: 'test' }, { write: (line) => void lines.push(line) });
  const api = await startTestPosthorn({
    settings: { firstAttempt: 'express' },
    roles: { api: true, worker: false },
    log,
  });
  const receiver = await receiverThat(200);
  const event = await api.post(eventTo(receiver));

  expect(lines.join('')).toContain('POSTHORN_FIRST_ATTEMPT=express has no effect');
  expect((await api.eventOf(event.id)).deliveries[0]!.workflow!.id).not.toBeNull();
  await api.close();
});
