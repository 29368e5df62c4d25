import { eventTo } from '../../set-up/targets.ts';
import type { Event } from '../../set-up/test-posthorn.ts';
import {
  MAX_LATENCY_MS,
  newProject,
  outcomesOf,
  posthorn,
  receiverThat,
  settledEvents,
  startSecond,
} from './outcomes-set-up.ts';

describe('a request that waits for an event', () => {
  test('returns 200 with the deliveries once all have settled', async () => {
    const { key } = await newProject({ policy: { delays: ['1s'] } });
    const receiver = await receiverThat(500, 200);

    const response = await posthorn.client.call('POST', '/v1/events?wait=60s', {
      key,
      body: eventTo(receiver),
    });

    expect(response).toMatchObject({
      status: 200,
      body: { status: 'delivered', deliveries: [{ status: 'delivered', attempts: 2 }] },
    });
  });

  test('returns 202 with the current state if time is up first', async () => {
    const { key } = await newProject();
    const startedAt = performance.now();

    const response = await posthorn.client.call('POST', '/v1/events?wait=5s', {
      key,
      body: eventTo(await receiverThat(500)),
    });

    expect(response).toMatchObject({
      status: 202,
      body: { status: 'pending', deliveries: [{ status: 'retrying', attempts: 1 }] },
    });
    const waited = performance.now() - startedAt;
    expect(waited).toBeGreaterThanOrEqual(5_000);
    expect(waited).toBeLessThan(30_000); // the retry comes after a minute
  });

  test('gets its response from any process, whichever recorded the outcome', async () => {
    const { key } = await newProject();
    const second = await startSecond();
    const receiver = await receiverThat(200);
    const body = JSON.stringify(eventTo(receiver));
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };

    for (const url of [posthorn.url, second, posthorn.url, second]) {
      const fetched = await fetch(`${url}/v1/events?wait=60s`, { method: 'POST', headers, body });
      expect([fetched.status, ((await fetched.json()) as Event).status]).toEqual([200, 'delivered']);
    }
  });
});

test('streams and waiting requests get an outcome within 100 ms of its commit', async () => {
  const { call, key } = await newProject();
  const stream = await outcomesOf(key);
  const receiver = await receiverThat(200);
  const toWaiter: number[] = [];
  for (let n = 0; n < 20; n += 1) {
    const event = await call<Event>('POST', '/v1/events?wait=60s', eventTo(receiver));
    const respondedAt = Date.now();
    await stream.until((outcomes) => settledEvents(outcomes).includes(event.id));
    toWaiter.push(respondedAt - Date.parse(stream.outcomes.at(-1)!.data.at));
  }

  const toStream = stream.outcomes.map(({ arrivedAt, data }) => arrivedAt - Date.parse(data.at));
  // The median: other test suites share the machine. Without notifications it would be 500 ms.
  for (const latencies of [toStream, toWaiter]) {
    expect(latencies.sort((a, b) => a - b)[Math.floor(latencies.length / 2)]).toBeLessThan(MAX_LATENCY_MS);
  }
});
