import pg from 'pg';
import { portalToken } from '../../set-up/sessions.ts';
import { startTestApi, type TestApi } from '../../set-up/test-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());

/** An event of a consumer with one open delivery, and the keys of its project and consumer. */
async function stage() {
  const { id: project, key } = await api.newProject();
  const made = await api.call('POST', '/v1/keys', { key, body: { consumer: 'acme' } });
  const consumerKey = (made.body as { key: string }).key;
  await api.call('POST', '/v1/endpoints', { key, body: { url: 'http://127.0.0.1:9/', consumer: 'acme' } });
  await api.call('POST', '/v1/events', { key, body: { id: 'job_1', type: 'a', data: {}, consumer: 'acme' } });
  const poll = (tag?: string, used = consumerKey) =>
    api.call('GET', '/v1/events/job_1', {
      key: used,
      ...(tag === undefined ? {} : { headers: { 'if-none-match': tag } }),
    });
  return { project, key, poll };
}

const tagOf = ({ headers }: { headers: Headers }): string => headers.get('etag')!;

test('an unchanged event returns 304 without a body, a changed one the event', async () => {
  const { project, poll } = await stage();
  const first = await poll();
  expect(tagOf(first)).toMatch(/^W\/"[0-9a-f]{64}"$/);
  const again = await poll(tagOf(first));
  expect([again.status, again.text, tagOf(again)]).toEqual([304, '', tagOf(first)]);

  const changes = [
    "UPDATE deliveries SET status = 'retrying', attempts = 1, due_at = now() + interval '1 minute', last_outcome = 'rejected'",
    "UPDATE deliveries SET due_at = now() + interval '2 minutes'",
    "UPDATE deliveries SET workflow_id = 'another'",
    "UPDATE deliveries SET status = 'undeliverable', due_at = NULL, reason = 'exhausted'",
    "UPDATE events SET status = 'undeliverable'",
  ];
  let tag = tagOf(first);
  for (const change of changes) {
    await api.database.pool.query(`${change} WHERE project_id = $1`, [project]);
    const changed = await poll(tag);
    expect(changed.status).toBe(200);
    expect(tagOf(changed)).not.toBe(tag);
    tag = tagOf(changed);
    expect((await poll(tag)).status).toBe(304);
  }
});

test('a claim changes the ETag, because it ends a wait; another claim, or a change of another event, does not', async () => {
  const { project, key, poll } = await stage();
  const claim = (epoch: number) =>
    api.database.pool.query('UPDATE deliveries SET claimed_at = now(), epoch = $2 WHERE project_id = $1', [
      project,
      epoch,
    ]);
  const waiting = tagOf(await poll());
  await claim(1);
  const tag = tagOf(await poll());
  expect(tag).not.toBe(waiting);

  await claim(2);
  await api.call('POST', '/v1/events', { key, body: { id: 'job_2', type: 'a', data: {}, consumer: 'acme' } });
  expect((await poll(tag)).status).toBe(304);
});

test.each([
  ['a strong form of it', (tag: string) => tag.slice(2), 304],
  ['a list that it is in', (tag: string) => `"other", ${tag}`, 304],
  ['any', () => '*', 304],
  ['others', () => '"other", W/"more"', 200],
  ['nothing that is a tag', () => 'x', 200],
])('If-None-Match may be %s', async (_, write, status) => {
  const { poll } = await stage();
  expect((await poll(write(tagOf(await poll())))).status).toBe(status);
});

test('the tag of a session without payloads is another one than that of a session with them', async () => {
  const { key, poll } = await stage();
  const session = (capabilities: string[]) => portalToken(api, key, { consumer: 'acme', capabilities });
  const [all, view] = [await session(['view', 'payloads']), await session(['view'])];
  const tag = tagOf(await poll(undefined, all));
  const seen = await poll(tag, view);
  expect(seen.status).toBe(200);
  expect(seen.body).toMatchObject({ data: null });
  expect((await poll(tagOf(seen), all)).status).toBe(200);
  expect((await poll(tagOf(seen), view)).status).toBe(304);
});

test('an event of another project is 404 whatever ETag the caller sends', async () => {
  const { poll, key } = await stage();
  const other = await stage();
  const made = await api.call('POST', '/v1/keys', { key, body: { consumer: 'globex' } });
  expect((await poll('*', (made.body as { key: string }).key)).status).toBe(404);
  await api.database.pool.query('DELETE FROM events WHERE project_id = $1', [other.project]);
  expect((await other.poll('*')).status).toBe(404);
});

test('a 304 costs one statement that reads neither data nor body', async () => {
  const { poll } = await stage();
  const tag = tagOf(await poll());
  const asked = jest.spyOn(pg.Client.prototype, 'query');
  expect((await poll(tag)).status).toBe(304);
  const texts = asked.mock.calls.map(([query]) => String((query as { text?: string }).text ?? query));
  asked.mockRestore();
  const statements = texts.filter((text) => !text.includes('api_keys'));
  expect(statements).toHaveLength(1);
  expect(statements[0]).not.toMatch(/\be\.(data|body)\b/);
});
