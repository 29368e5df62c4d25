import { setTimeout as sleep } from 'node:timers/promises';
import { createLogger } from '../../../src/observability/log.ts';
import { type Service, startService } from '../../../src/service/start-service.ts';
import { type Receiver, type ScriptStep, startReceiver } from '../../receivers/receiver.ts';
import { untilWaiting } from '../../replay/scenarios.ts';
import { eventually } from '../../set-up/eventually.ts';
import {
  type Delivery,
  type Event,
  startTestPosthorn,
  type TestPosthorn,
} from '../../set-up/test-posthorn.ts';

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const log = createLogger({ level: 'silent', name: 'test' });

let posthorn: TestPosthorn;
const closers: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  posthorn = await startTestPosthorn();
});
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});
afterAll(() => posthorn.close());

const receiverThat = async (...script: ScriptStep[]): Promise<Receiver> => {
  const receiver = await startReceiver(script);
  closers.push(receiver.close);
  return receiver;
};

/** A step that answers when told to. */
function held(): { step: ScriptStep; answer: (status: number) => void } {
  const { promise, resolve } = Promise.withResolvers<number>();
  const step: ScriptStep = async (_request, response) => {
    response.writeHead(await promise).end();
  };
  return { step, answer: resolve };
}

const apiAlone = async (): Promise<TestPosthorn> => {
  const alone = await startTestPosthorn({ roles: { api: true, worker: false } });
  closers.push(alone.close);
  return alone;
};

async function startWorker({ config }: TestPosthorn): Promise<Service> {
  const worker = await startService(config, { api: false, worker: true }, { log });
  await worker.connected;
  return worker;
}

const to = ({ url }: { url: string }) => ({ type: 'a.b', data: {}, target: { url, secret: SECRET } });

const deliveryOf = async ({ id }: { id: string }, service = posthorn): Promise<Delivery> =>
  (await service.eventOf(id)).deliveries[0]!;

const untilIs = (status: string, event: { id: string }, service = posthorn): Promise<void> =>
  eventually(async () => (await deliveryOf(event, service)).status === status);

/** Posts to a receiver that fails, and waits until the workflow itself waits. */
async function waiting(event: object): Promise<{ event: Event; delivery: Delivery }> {
  const posted = await posthorn.post(event);
  await untilIs('retrying', posted);
  const delivery = await deliveryOf(posted);
  await untilWaiting(posthorn, delivery.workflow!.id, delivery.id, 1);
  return { event: posted, delivery };
}

const steer = async (action: 'retry' | 'cancel', { id }: { id: string }, service = posthorn) => {
  const { key } = service.project;
  const { status, body } = await service.client.call('POST', `/v1/deliveries/${id}/${action}`, { key });
  return { status, body: body as Delivery & { code?: string } };
};

/** A delivery whose retry came due while its endpoint was paused. */
async function heldDelivery(receiver: Receiver): Promise<{ delivery: Delivery; endpoint: { id: string } }> {
  const endpoint = await posthorn.newEndpoint(receiver.url, { events: ['held.here'] });
  const { event, delivery } = await waiting({ type: 'held.here', data: {} });
  await posthorn.call('POST', `/v1/endpoints/${endpoint.id}/pause`);
  await steer('retry', delivery);
  await untilIs('held', event);
  closers.push(() => posthorn.call('DELETE', `/v1/endpoints/${endpoint.id}`).catch(() => {}));
  return { delivery, endpoint };
}

describe('retry', () => {
  test('brings the next attempt of a delivery that waits forward, on its own step', async () => {
    const { event, delivery } = await waiting(to(await receiverThat(500, 200)));

    expect(await steer('retry', delivery)).toMatchObject({ status: 202 });

    await untilIs('delivered', event);
    expect(await posthorn.attemptsOf(delivery.id)).toMatchObject([
      { number: 1, step: 0, trigger: 'schedule' },
      { number: 2, step: 1, trigger: 'manual' },
    ]);
  });

  test('of a delivery that no worker has taken yet does no more than its first attempt', async () => {
    const api = await apiAlone();
    const receiver = await receiverThat(200);
    const event = await api.post(to(receiver));

    expect(await steer('retry', await deliveryOf(event, api), api)).toMatchObject({ status: 202 });

    const worker = await startWorker(api);
    closers.push(worker.close);
    expect(await api.untilSettled(event.id)).toMatchObject({ deliveries: [{ attempts: 1 }] });
    expect(receiver.requests).toHaveLength(1);
  });

  test('during a POST leaves that POST to be the answer', async () => {
    const { step, answer } = held();
    const receiver = await receiverThat(step);
    const event = await posthorn.post(to(receiver));
    await receiver.untilReceived(1);
    const delivery = await deliveryOf(event);

    expect(await steer('retry', delivery)).toMatchObject({ status: 202 });
    answer(500);

    await untilIs('retrying', event);
    const { nextAttemptAt } = await deliveryOf(event);
    expect(Date.parse(nextAttemptAt!) - Date.now()).toBeGreaterThan(50_000);
    expect(receiver.requests).toHaveLength(1);
  });

  test('asked for while a neighbour in the group still answers is made as soon as that has answered', async () => {
    const quick = await receiverThat(500, 200);
    const { step, answer } = held();
    const slow = await receiverThat(step);
    const { items } = await posthorn.call<{ items: Event[] }>('POST', '/v1/events/batch', {
      events: [to(quick), to(slow)],
    });
    await slow.untilReceived(1);
    await untilIs('retrying', items[0]!);

    await steer('retry', await deliveryOf(items[0]!));
    answer(200);

    expect(await posthorn.untilSettled(items[0]!.id, 5_000)).toMatchObject({ status: 'delivered' });
    expect(await posthorn.attemptsOf((await deliveryOf(items[0]!)).id)).toMatchObject([
      { trigger: 'schedule' },
      { trigger: 'manual' },
    ]);
  });

  test('of a delivery whose workflow was ended by hand goes on in another', async () => {
    const { event, delivery } = await waiting(to(await receiverThat(500, 200)));
    await posthorn.temporal.workflow.getHandle(delivery.workflow!.id).terminate();

    expect(await steer('retry', delivery)).toMatchObject({ status: 202 });

    expect(await posthorn.untilSettled(event.id, 5_000)).toMatchObject({ status: 'delivered' });
    const { workflow, attempts } = await deliveryOf(event);
    expect(workflow!.id).toMatch(new RegExp(`^${delivery.workflow!.id}/[0-9a-f-]{36}$`));
    expect(attempts).toBe(2);
  });

  test('of a held delivery is a conflict', async () => {
    const { delivery } = await heldDelivery(await receiverThat(500));

    expect(await steer('retry', delivery)).toMatchObject({ status: 409, body: { code: 'delivery_held' } });
  });

  test.each([
    { script: [500, 200], was: 'undeliverable', becomes: 'delivered', event: 'undeliverable' },
    { script: [200, 500], was: 'delivered', becomes: 'undeliverable', event: 'undeliverable' },
    { script: [200, 200], was: 'delivered', becomes: 'delivered', event: 'delivered' },
  ])(
    'of a delivery that is $was makes a new one, and the event settles again',
    async ({ script, was, becomes, event: finally_ }) => {
      await posthorn.call('PATCH', '/v1/project', { policy: { delays: [] } });
      closers.push(() => posthorn.call('PATCH', '/v1/project', { policy: null }));
      const { step, answer } = held();
      const receiver = await receiverThat(script[0]!, step);
      const event = await posthorn.post(to(receiver));
      expect((await posthorn.untilSettled(event.id)).status).toBe(was);
      const first = await deliveryOf(event);

      const { status, body: again } = await steer('retry', first);

      expect(status).toBe(201);
      expect(again).toMatchObject({ replayOf: first.id, event: event.id, attempts: 0, status: 'pending' });
      await receiver.untilReceived(2);
      expect(await posthorn.eventOf(event.id)).toMatchObject({ status: 'pending', deliveryCount: 2 });
      answer(script[1]!);
      expect((await posthorn.untilSettled(event.id)).status).toBe(finally_);
      expect(await posthorn.call('GET', `/v1/deliveries/${again.id}`)).toMatchObject({ status: becomes });
      expect(await posthorn.attemptsOf(again.id)).toMatchObject([{ number: 1, step: 0, trigger: 'manual' }]);
      expect(receiver.requests[1]!.headers['webhook-id']).toBe(receiver.requests[0]!.headers['webhook-id']);
      const settled = await posthorn.database.pool.query(
        `SELECT FROM outcomes WHERE event_id = $1 AND kind = 'event.settled'`,
        [event.id],
      );
      expect(settled.rowCount).toBe(2);
    },
  );

  test('of a settled delivery whose endpoint is deleted is a conflict', async () => {
    const receiver = await receiverThat(200);
    const endpoint = await posthorn.newEndpoint(receiver.url, { events: ['gone.soon'] });
    const event = await posthorn.post({ type: 'gone.soon', data: {} });
    await posthorn.untilSettled(event.id);
    await posthorn.call('DELETE', `/v1/endpoints/${endpoint.id}`);

    expect(await steer('retry', await deliveryOf(event))).toMatchObject({
      status: 409,
      body: { code: 'endpoint_deleted' },
    });
  });
});

describe('cancel', () => {
  test('of a delivery that no worker has taken yet keeps it from ever being sent', async () => {
    const api = await apiAlone();
    const receiver = await receiverThat(200);
    const event = await api.post(to(receiver));
    const delivery = await deliveryOf(event, api);

    expect(await steer('cancel', delivery, api)).toMatchObject({
      status: 202,
      body: { status: 'cancelled' },
    });

    const next = await api.post(to(receiver));
    const worker = await startWorker(api);
    closers.push(worker.close);
    await api.untilSettled(next.id);
    expect(await deliveryOf(event, api)).toMatchObject({ status: 'cancelled', attempts: 0 });
    expect(receiver.requests).toHaveLength(1);
  });

  test('of a delivery that waits ends it, and its workflow', async () => {
    const receiver = await receiverThat(500);
    const { event, delivery } = await waiting(to(receiver));

    expect(await steer('cancel', delivery)).toMatchObject({ status: 202, body: { status: 'cancelled' } });

    expect(await posthorn.eventOf(event.id)).toMatchObject({
      status: 'cancelled',
      deliveries: [{ reason: 'cancelled', attempts: 1, nextAttemptAt: null }],
    });
    expect(await posthorn.temporal.workflow.getHandle(delivery.workflow!.id).result()).toMatchObject({
      cancelled: 1,
    });
  });

  test('of a held delivery ends it', async () => {
    const { delivery } = await heldDelivery(await receiverThat(500));

    expect(await steer('cancel', delivery)).toMatchObject({ status: 202, body: { status: 'cancelled' } });
  });

  test.each([
    { answered: 200, status: 'delivered', reason: null },
    { answered: 500, status: 'cancelled', reason: 'cancelled' },
  ])(
    'during a POST that is answered with $answered makes it $status',
    async ({ answered, status, reason }) => {
      const { step, answer } = held();
      const receiver = await receiverThat(step);
      const event = await posthorn.post(to(receiver));
      await receiver.untilReceived(1);
      const delivery = await deliveryOf(event);

      expect(await steer('cancel', delivery)).toMatchObject({ status: 202 });
      answer(answered);

      expect(await posthorn.untilSettled(event.id)).toMatchObject({
        status,
        deliveries: [{ status, reason, attempts: 1 }],
      });
      await posthorn.temporal.workflow.getHandle(delivery.workflow!.id).result();
      expect(receiver.requests).toHaveLength(1);
    },
  );

  test('of a final delivery is a conflict', async () => {
    const event = await posthorn.post(to(await receiverThat(200)));
    await posthorn.untilSettled(event.id);

    expect(await steer('cancel', await deliveryOf(event))).toMatchObject({
      status: 409,
      body: { code: 'delivery_final' },
    });
  });

  test('holds against attempts that are about to begin: none does later than a second after the answer', async () => {
    const receiver = await receiverThat(200);
    const racing = Array.from({ length: 60 }, async (_, n) => {
      const event = await posthorn.post(to({ url: `${receiver.url}${n}` }));
      await sleep(n % 12); // spread over the way from the start to the record
      const { status } = await steer('cancel', await deliveryOf(event));
      return { event, status, path: `/${n}`, answeredAt: Date.now() };
    });
    const cancels = await Promise.all(racing);

    for (const { event, status, path, answeredAt } of cancels) {
      const settled = await posthorn.untilSettled(event.id);
      const sent = receiver.requests.filter((request) => request.path === path);
      expect(sent.length).toBe(settled.status === 'delivered' ? 1 : 0);
      if (status === 409) expect(settled.status).toBe('delivered');
      for (const { receivedAt } of sent) expect(receivedAt).toBeLessThanOrEqual(answeredAt + 1_000);
    }
    expect(new Set(cancels.map(({ status }) => status))).toContain(202);
  });
});

describe('deleting an endpoint', () => {
  test('ends what is open for it, in whatever state, and leaves what is final', async () => {
    const api = await apiAlone();
    let worker = await startWorker(api);
    const receiver = await receiverThat((request, response) => {
      response.writeHead(request.path === '/fails' ? 500 : 200).end();
    });
    const fine = await api.newEndpoint(receiver.url, { events: ['all.fine'] });
    const failing = await api.newEndpoint(`${receiver.url}fails`, { events: ['all.fails'] });
    const post = (type: string) => api.post({ type, data: {} });

    const delivered = await post('all.fine');
    await untilIs('delivered', delivered, api);
    const retrying = await post('all.fails');
    await untilIs('retrying', retrying, api);
    const paused = await post('all.fails');
    await untilIs('retrying', paused, api);
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
    const later = await api.post(to(receiver));
    await api.untilSettled(later.id);
    expect(receiver.requests).toHaveLength(sentBefore + 1);
  });

  test.each([
    { answered: 200, status: 'delivered', reason: null },
    { answered: 500, status: 'cancelled', reason: 'endpoint_deleted' },
  ])(
    'during a POST that is answered with $answered makes it $status',
    async ({ answered, status, reason }) => {
      const { step, answer } = held();
      const receiver = await receiverThat(step);
      const endpoint = await posthorn.newEndpoint(receiver.url, { events: ['under.way'] });
      const event = await posthorn.post({ type: 'under.way', data: {} });
      await receiver.untilReceived(1);

      await posthorn.call('DELETE', `/v1/endpoints/${endpoint.id}`);
      answer(answered);

      expect(await posthorn.untilSettled(event.id)).toMatchObject({
        deliveries: [{ status, reason, attempts: 1 }],
      });
    },
  );
});
