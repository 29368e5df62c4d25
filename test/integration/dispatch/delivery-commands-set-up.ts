import { createLogger } from '../../../src/observability/log.ts';
import { type Service, startService } from '../../../src/service/start-service.ts';
import { untilWaiting } from '../../replay/steps.ts';
import { eventually } from '../../set-up/eventually.ts';
import {
  type Delivery,
  type Event,
  startTestPosthorn,
  type TestPosthorn,
} from '../../set-up/test-posthorn.ts';

const log = createLogger({ level: 'silent', name: 'test' });

/** What a test started, which is closed after it in reverse order. */
export type OpenParts = {
  closers: (() => Promise<unknown>)[];
  /** Starts an API without a worker. */
  startApi(): Promise<TestPosthorn>;
};

export function partsPerTest(): OpenParts {
  const closers: OpenParts['closers'] = [];
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
  });
  return {
    closers,
    async startApi() {
      const api = await startTestPosthorn({ roles: { api: true, worker: false } });
      closers.push(api.close);
      return api;
    },
  };
}

export async function startWorker({ config }: TestPosthorn): Promise<Service> {
  const worker = await startService(config, { api: false, worker: true }, { log });
  await worker.connected;
  return worker;
}

export const deliveryOf = async (posthorn: TestPosthorn, { id }: { id: string }): Promise<Delivery> =>
  (await posthorn.eventOf(id)).deliveries[0]!;

export const untilStatus = (posthorn: TestPosthorn, event: { id: string }, status: string): Promise<void> =>
  eventually(async () => (await deliveryOf(posthorn, event)).status === status);

/** Waits until the delivery is retrying and its workflow waits for the retry. */
export async function untilRetrying(posthorn: TestPosthorn, event: { id: string }): Promise<Delivery> {
  await untilStatus(posthorn, event, 'retrying');
  const delivery = await deliveryOf(posthorn, event);
  await untilWaiting(posthorn, delivery.workflow!.id, delivery.id, 1);
  return delivery;
}

/** Posts an event to a receiver that fails, and waits until its delivery waits for the retry. */
export async function postUntilRetrying(
  posthorn: TestPosthorn,
  event: object,
): Promise<{ event: Event; delivery: Delivery }> {
  const posted = await posthorn.post(event);
  return { event: posted, delivery: await untilRetrying(posthorn, posted) };
}

export async function sendCommand(
  posthorn: TestPosthorn,
  action: 'retry' | 'cancel',
  { id }: { id: string },
): Promise<{ status: number; body: Delivery & { code?: string } }> {
  const { key } = posthorn.project;
  const { status, body } = await posthorn.client.call('POST', `/v1/deliveries/${id}/${action}`, { key });
  return { status, body: body as Delivery & { code?: string } };
}

/** Makes a delivery whose retry came due while its endpoint was paused. */
export async function makeHeldDelivery(
  posthorn: TestPosthorn,
  receiver: { url: string },
): Promise<{ delivery: Delivery; endpoint: { id: string } }> {
  const endpoint = await posthorn.newEndpoint(receiver.url, { events: ['held.here'] });
  const { event, delivery } = await postUntilRetrying(posthorn, { type: 'held.here', data: {} });
  await posthorn.call('POST', `/v1/endpoints/${endpoint.id}/pause`);
  await sendCommand(posthorn, 'retry', delivery);
  await untilStatus(posthorn, event, 'held');
  return { delivery, endpoint };
}
