import { once } from 'node:events';
import { startReceiver } from '../receivers/receiver.ts';
import { eventually } from '../set-up/eventually.ts';
import { type Attempt, type Event, startTestPosthorn, type TestPosthorn } from '../set-up/test-posthorn.ts';
import { openAccount } from './account.ts';
import { getProvider } from './providers.ts';

/** The timeouts on the providers' pages, in seconds. SmartlyQ's page does not specify it. */
const TIMEOUTS: [string, number][] = [
  ['cmdcal', 30],
  ['canvelete', 30],
  ['pdf-gorilla', 5],
  ['pausepoint', 5],
  ['smartlyq', 30],
];

let posthorn: TestPosthorn;
beforeAll(async () => {
  posthorn = await startTestPosthorn();
});
afterAll(() => posthorn.close());

/** How long Posthorn waits for a receiver that never responds, measured by the receiver, and the recorded outcome. */
async function measureTimeout(name: string): Promise<{ waitedMs: number; outcome: string }> {
  let waited: Promise<number> | undefined;
  const receiver = await startReceiver([
    ({ receivedAt }, response) => {
      waited = once(response, 'close').then(() => Date.now() - receivedAt);
    },
  ]);
  try {
    const provider = getProvider(name);
    const { call, post } = await openAccount(posthorn, provider, receiver.url);
    const { name: type, example } = provider.profile.eventTypes[0]!;
    const { id } = await post(type, JSON.stringify(example));
    await receiver.untilReceived(1);
    const waitedMs = await waited!;
    const attempts = async (): Promise<Attempt[]> => {
      const { deliveries } = await call<Event>('GET', `/v1/events/${id}`);
      return (await call<{ items: Attempt[] }>('GET', `/v1/deliveries/${deliveries[0]!.id}/attempts`)).items;
    };
    await eventually(async () => (await attempts()).length > 0);
    return { waitedMs, outcome: (await attempts())[0]!.outcome };
  } finally {
    await receiver.close();
  }
}

test('Posthorn waits for a receiver that never responds as long as each page says', async () => {
  const waits = await Promise.all(TIMEOUTS.map(([name]) => measureTimeout(name)));

  for (const [n, [name, seconds]] of TIMEOUTS.entries()) {
    const { waitedMs, outcome } = waits[n]!;
    expect({ name, outcome }).toEqual({ name, outcome: 'timeout' });
    expect(Math.abs(waitedMs - seconds * 1000)).toBeLessThanOrEqual(2_000);
  }
});
