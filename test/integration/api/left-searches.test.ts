import { type ApiCalls, createApiCalls } from '../../set-up/api-calls.ts';
import { eventually } from '../../set-up/eventually.ts';
import { startTestApi, type TestApi } from '../../set-up/test-api.ts';

let api: TestApi;
let call: ApiCalls['call'];
beforeAll(async () => {
  api = await startTestApi();
  ({ call } = createApiCalls(api));
});
afterAll(() => api.close());

// The database belongs to this suite, so nothing else waits for the lock that the test holds.
const WAITING = `
  SELECT count(*)::int AS n FROM pg_stat_activity
  WHERE datname = current_database() AND state = 'active' AND wait_event_type = 'Lock'`;

const waiting = async (): Promise<number> => (await api.database.pool.query(WAITING)).rows[0].n;

const anHourAgo = encodeURIComponent(new Date(Date.now() - 3_600_000).toISOString());
const DRY_RUN = { what: 'failed', since: new Date(0).toISOString(), dryRun: true };

test.each([
  ['events', `/v1/events?contains=job&since=${anHourAgo}`, undefined],
  ['deliveries', `/v1/deliveries?outcome=timeout`, undefined],
  ['deliveries', '/v1/failures', undefined],
  ['endpoints', '/v1/endpoints?q=hooks', undefined],
  ['consumers', '/v1/consumers?q=acme', undefined],
  ['deliveries', '/v1/recoveries', DRY_RUN],
])(
  'Postgres stops reading %s for %s when the client disconnects, and the project can search again',
  async (table, path, body) => {
    const { key } = await api.newProject();
    const holder = await api.database.pool.connect();
    try {
      await holder.query(`BEGIN; LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE`);
      const leaving = new AbortController();
      const search = () =>
        fetch(`${api.url}${path}`, {
          method: body ? 'POST' : 'GET',
          headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
          signal: leaving.signal,
          ...(body && { body: JSON.stringify(body) }),
        });
      const left = Promise.allSettled([search(), search()]);
      await eventually(async () => (await waiting()) === 2);

      leaving.abort();
      expect(await left).toMatchObject([{ status: 'rejected' }, { status: 'rejected' }]);
      // The lock is still held: only their end makes them stop waiting for it.
      await eventually(async () => (await waiting()) === 0);
    } finally {
      await holder.query('ROLLBACK');
      holder.release();
    }
    await eventually(async () => (await call(body ? 'POST' : 'GET', path, key, body)).status === 200);
  },
);

test('another search goes on when one is left', async () => {
  const { key } = await api.newProject();
  const path = '/v1/failures';
  const holder = await api.database.pool.connect();
  try {
    await holder.query('BEGIN; LOCK TABLE deliveries IN ACCESS EXCLUSIVE MODE');
    const leaving = new AbortController();
    const headers = { authorization: `Bearer ${key}` };
    const left = Promise.allSettled([fetch(`${api.url}${path}`, { headers, signal: leaving.signal })]);
    const stays = fetch(`${api.url}${path}`, { headers });
    await eventually(async () => (await waiting()) === 2);
    leaving.abort();
    await left;
    await eventually(async () => (await waiting()) === 1);
    await holder.query('ROLLBACK');
    expect((await stays).status).toBe(200);
  } finally {
    await holder.query('ROLLBACK');
    holder.release();
  }
});
