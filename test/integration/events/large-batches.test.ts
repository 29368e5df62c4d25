import { monitorEventLoopDelay, PerformanceObserver } from 'node:perf_hooks';
import { setImmediate as nextTick } from 'node:timers/promises';
import { startTestApi, type TestApi } from '../../set-up/test-api.ts';

const MEGABYTE = 1024 * 1024;

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi({ config: { maxBodyBytes: MEGABYTE } });
});
afterAll(() => api.close());

const EVENT_BYTES = 750_000;
/** JSON of about `EVENT_BYTES` that repeats `part`. */
const listOf = (part: string): string =>
  `[${Array(Math.floor(EVENT_BYTES / (part.length + 1)))
    .fill(part)
    .join(',')}]`;
const batchOf = (count: number, data: string): Buffer =>
  Buffer.from(`{"events":[${Array(count).fill(`{"type":"a","data":${data}}`).join(',')}]}`);

const BATCHES: [string, () => Buffer][] = [
  ['numbers', () => batchOf(16, `{"a":${listOf('1')}}`)],
  ['lists', () => batchOf(16, `{"a":${listOf('[[]]')}}`)],
  ['long texts', () => batchOf(16, `{"a":"${'x'.repeat(EVENT_BYTES)}"}`)],
  ['many small events', () => batchOf(1_000, `{"a":"${'x'.repeat(12_000)}"}`)],
];

/** Returns a function that ends the watch, and resolves with the duration of all collections of the heap, in ms. */
function watchCollections(): () => Promise<number> {
  let totalMs = 0;
  const observer = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) totalMs += duration;
  });
  observer.observe({ entryTypes: ['gc'] });
  return async () => {
    await nextTick();
    observer.disconnect();
    return totalMs;
  };
}

describe.each(['standard-webhooks', 'canvelete'])('under %s', (profile) => {
  let key: string;
  let other: string;
  beforeAll(async () => {
    ({ key } = await api.newProject());
    ({ key: other } = await api.newProject());
    await api.call('PATCH', '/v1/project', { key, body: { profile, schemas: 'off' } });
  });

  test.each(BATCHES)('a batch of 12 MB of %s does not block other calls', async (_, make) => {
    const body = make();
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
    const small = { key: other, body: { type: 'a', data: 1 } };
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    const collections = watchCollections();
    const began = performance.now();
    let status = 0;
    const posted = fetch(`${api.url}/v1/events/batch`, { method: 'POST', headers, body }).then(
      (response) => (status = response.status),
    );
    let others = 0;
    while (status === 0) {
      expect((await api.call('POST', '/v1/events', small)).status).toBe(202);
      others += 1;
    }
    await posted;
    delay.disable();
    expect(status).toBe(202);
    // By the share of the whole: how long the steps take depends on how busy the machine is.
    // Without collections of the heap, which holds what other suites have left in this process: several may fall into a step.
    const longestStepMs = delay.max / 1e6 - (await collections());
    expect(longestStepMs).toBeLessThan((performance.now() - began) / 3);
    expect(others).toBeGreaterThan(15);
  });
});
