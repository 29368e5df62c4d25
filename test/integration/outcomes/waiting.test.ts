import type { Event } from '../../set-up/test-posthorn.ts';
import {
  outcomesOf,
  posthorn,
  projectApart,
  receiverThat,
  SOON_MS,
  settledEvents,
  startSecond,
  to,
} from './outcomes-set-up.ts';

describe('a request that waits for an event', () => {
  test('returns 200 with the deliveries once all have settled', async () => {
    const { key } = await projectApart({ policy: { delays: ['1s'], timeout: '1s' } });
    const receiver = await receiverThat(500, 200);

    const answered = await posthorn.client.call('POST', '/v1/events?wait=10s', { key, body: to(receiver) });

    expect(answered).toMatchObject({
      status: 200,
      body: { status: 'delivered', deliveries: [{ status: 'delivered', attempts: 2 }] },
    });
  });

  test('returns 202 with the current state if time is up first', async () => {
    const { key } = await projectApart();
    const startedAt = performance.now();

    const answered = await posthorn.client.call('POST', '/v1/events?wait=1s', {
      key,
      body: to(await receiverThat(500)),
    });

    expect(answered).toMatchObject({
      status: 202,
      body: { status: 'pending', deliveries: [{ status: 'retrying', attempts: 1 }] },
    });
    const waited = performance.now() - startedAt;
    expect(waited).toBeGreaterThanOrEqual(1_000);
    expect(waited).toBeLessThan(2_000);
  });

  test('is answered by any process, whichever recorded the outcome', async () => {
    const { key } = await projectApart();
    const second = await startSecond();
    const receiver = await receiverThat(200);
    const body = JSON.stringify(to(receiver));
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };

    for (const url of [posthorn.url, second, posthorn.url, second]) {
      const response = await fetch(`${url}/v1/events?wait=10s`, { method: 'POST', headers, body });
      expect([response.status, ((await response.json()) as Event).status]).toEqual([200, 'delivered']);
    }
  });
});

test('streams and waiting requests get an outcome within 100 ms of its commit', async () => {
  const { call, key } = await projectApart();
  const stream = await outcomesOf(key);
  const receiver = await receiverThat(200);
  const toWaiter: number[] = [];
  for (let n = 0; n < 20; n += 1) {
    const event = await call<Event>('POST', '/v1/events?wait=10s', to(receiver));
    const answeredAt = Date.now();
    await stream.until((outcomes) => settledEvents(outcomes).includes(event.id));
    toWaiter.push(answeredAt - Date.parse(stream.outcomes.at(-1)!.data.at));
  }

  const toStream = stream.outcomes.map(({ arrivedAt, data }) => arrivedAt - Date.parse(data.at));
  // The median: other suites share the machine. Without wake-ups it would be half a second.
  for (const latencies of [toStream, toWaiter]) {
    expect(latencies.sort((a, b) => a - b)[Math.floor(latencies.length / 2)]).toBeLessThan(SOON_MS);
  }
});
