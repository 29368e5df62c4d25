import { once } from 'node:events';
import { request } from 'node:http';
import { eventually } from '../../set-up/eventually.ts';
import { startTestApi, type TestApi } from '../../set-up/test-api.ts';

const MEGABYTE = 1024 * 1024;

let api: TestApi;
let attacker: string;
let victim: string;
beforeAll(async () => {
  api = await startTestApi({ config: { maxBodyBytes: MEGABYTE } });
  attacker = (await api.newProject()).key;
  victim = (await api.newProject()).key;
});
afterAll(() => api.close());

/** Starts a body of `bytes` and never ends it. `responded` resolves with the status if there is a response. */
function holdOpen(key: string, path: string, bytes: number): { responded: Promise<number>; destroy(): void } {
  const headers = {
    authorization: `Bearer ${key}`,
    'content-type': 'application/json',
    'content-length': bytes + 1,
  };
  const post = request(`${api.url}${path}`, { method: 'POST', headers, agent: false });
  post.on('error', () => {});
  post.write(Buffer.alloc(bytes, ' '));
  const responded = once(post, 'response').then(([response]) => response.statusCode as number);
  responded.catch(() => {});
  return { responded, destroy: () => post.destroy() };
}

const statusOfPost = async (key: string): Promise<number> =>
  (await api.call('POST', '/v1/events', { key, body: { type: 'a', data: 'x'.repeat(1_000) } })).status;

test('a project that holds open its largest batches does not block others from posting', async () => {
  const held = Array.from({ length: 6 }, () => holdOpen(attacker, '/v1/events/batch', 16 * MEGABYTE - 1));
  try {
    // Bodies beyond the share are rejected at once.
    expect(await Promise.race(held.map(({ responded }) => responded))).toBe(429);
    const statuses = await Promise.all(Array.from({ length: 32 }, () => statusOfPost(victim)));
    expect(new Set(statuses)).toEqual(new Set([202]));
  } finally {
    for (const { destroy } of held) destroy();
  }
  await eventually(async () => (await statusOfPost(attacker)) === 202);
});

test('consumer keys that hold bodies open do not block their own project', async () => {
  const created = await api.call('POST', '/v1/keys', { key: attacker, body: { consumer: 'jane' } });
  const { key } = created.body as { key: string };
  const held = Array.from({ length: 40 }, () => holdOpen(key, '/v1/endpoints', MEGABYTE - 1));
  try {
    expect(await Promise.race(held.map(({ responded }) => responded))).toBe(429);
    expect(await statusOfPost(attacker)).toBe(202);
    expect(await statusOfPost(victim)).toBe(202);
  } finally {
    for (const { destroy } of held) destroy();
  }
});
