import { type Receiver, startReceiver } from '../receivers/receiver.ts';
import { expectDelays } from '../replay/expect-timers.ts';
import { readHistoryFacts } from '../replay/history.ts';
import { untilWaiting } from '../replay/steps.ts';
import { eventually } from '../set-up/eventually.ts';
import { openOutcomes } from '../set-up/outcome-stream.ts';
import { type Delivery, type Event, startTestPosthorn, type TestPosthorn } from '../set-up/test-posthorn.ts';
import { openAccount } from './account.ts';
import { getProvider } from './providers.ts';

/** The retry delays on the providers' pages, in the format of Temporal timers. PDF Gorilla's page does not specify them. */
const DELAYS: [string, string[]][] = [
  ['cmdcal', ['30s', '120s', '600s', '3600s']],
  ['canvelete', ['60s', '300s', '1800s', '7200s']],
  ['pdf-gorilla', ['60s', '300s', '1800s', '7200s']],
  ['pausepoint', ['30s', '60s', '120s']],
  ['smartlyq', ['120s', '240s', '480s', '960s', '1920s']],
];

let posthorn: TestPosthorn;
let receiver: Receiver;

beforeAll(async () => {
  posthorn = await startTestPosthorn();
});
beforeEach(async () => {
  receiver = await startReceiver([503]);
});
afterEach(() => receiver.close());
afterAll(() => posthorn.close());

test.each(DELAYS)(
  'a failing delivery of %s is retried after %j, and its final state is streamed and stored',
  async (name, delays) => {
    const provider = getProvider(name);
    const { key, call, registered, post } = await openAccount(posthorn, provider, receiver.url);
    const stream = await openOutcomes(posthorn.url, key);
    const { name: type, example } = provider.profile.eventTypes[0]!;
    const { id } = await post(type, JSON.stringify(example));
    const deliveryOf = async (): Promise<Delivery> =>
      (await call<Event>('GET', `/v1/events/${id}`)).deliveries[0]!;

    await eventually(async () => (await deliveryOf()).workflow?.id != null);
    const delivery = await deliveryOf();
    for (let step = 1; step <= delays.length; step += 1) {
      await untilWaiting(posthorn, delivery.workflow!.id, delivery.id, step);
      await call('POST', `/v1/deliveries/${delivery.id}/retry`);
    }
    await stream.until((outcomes) => outcomes.some(({ kind }) => kind === 'event.settled'));

    const { input, timers } = await readHistoryFacts(posthorn.temporal, delivery.workflow!.id);
    expect(input).toMatchObject({ policy: { delays: delays.map(Number.parseFloat) } });
    expectDelays(timers, delays);
    expect(receiver.requests).toHaveLength(delays.length + 1);
    const consumer = registered.eventFields.consumer ?? null;
    expect(stream.outcomes.map(({ kind, data }) => [kind, data.consumer, data.status])).toEqual([
      ...delays.map(() => ['attempt.failed', consumer, 'retrying']),
      ['attempt.failed', consumer, 'undeliverable'],
      ['delivery.undeliverable', consumer, 'undeliverable'],
      ['event.settled', consumer, 'undeliverable'],
    ]);
    await stream.close();

    const end = { status: 'undeliverable', reason: 'exhausted', attempts: delays.length + 1 };
    expect(await deliveryOf()).toMatchObject({ ...end, nextAttemptAt: null });
    const reader =
      consumer === null ? key : (await call<{ key: string }>('POST', '/v1/keys', { consumer })).key;
    const log = await posthorn.client.call('GET', '/v1/deliveries?status=undeliverable', { key: reader });
    expect(log.body).toMatchObject({ items: [{ id: delivery.id, event: id, ...end }], nextCursor: null });
  },
);
