import { listEventSummaries } from '../../../src/store/events/event-lists.ts';
import { type SeededStore, seedStore } from '../seed.ts';
import { explainQueries } from './explain.ts';

let store: SeededStore;
beforeAll(async () => {
  store = await seedStore();
});
afterAll(() => store.drop());

/** Events with `deliveries` each, one of which is retried, and the others have failed. */
async function addFailing(events: number, deliveries: number): Promise<string> {
  const project = await store.newProject();
  await store.pool.query(
    `INSERT INTO events (project_id, id, type, attributes, data, body, content_hash, profile, profile_version, status,
                         delivery_count, open_count, undeliverable_count, created_at)
     SELECT $1, 'evt_' || n, 'a.b', '{}', '{}', '{}', '', 'standard-webhooks', 1, 'pending', $3::int, 1, $3::int - 1,
            '2026-02-01'::timestamptz + n * interval '1 second'
     FROM generate_series(1, $2::int) AS n`,
    [project, events, deliveries],
  );
  await store.pool.query(
    `INSERT INTO deliveries (id, project_id, event_id, receiver, policy, status, due_at, sequence, created_at)
     SELECT 'dlv_' || $1 || '_' || n || '_' || d, $1, 'evt_' || n, 'receiver', '{}',
            CASE d WHEN 1 THEN 'retrying' ELSE 'undeliverable' END, CASE d WHEN 1 THEN now() END, n, now()
     FROM generate_series(1, $2::int) AS n, generate_series(1, $3::int) AS d`,
    [project, events, deliveries],
  );
  await store.pool.query('ANALYZE');
  return project;
}

// Of each of the 50 events on the page its four deliveries; of large events none.
test.each([
  ['four deliveries', 2_000, 4, 500, 1],
  ['5,000 deliveries', 3, 5_000, 30, null],
])(
  'a page of summaries of failing events with %s stays within its limit of pages read',
  async (_, events, deliveries, maxPages, retryingCount) => {
    const projectId = await addFailing(events, deliveries);
    const page = { limit: 50, after: null };
    const list = (db: Parameters<typeof listEventSummaries>[0]) =>
      listEventSummaries(db, { projectId, consumer: null }, {}, page);
    expect((await list(store.pool)).items[0]).toMatchObject({ deliveryCount: deliveries, retryingCount });
    for (const mode of ['force_generic_plan', 'force_custom_plan'] as const) {
      const { bufferPages, seqScannedTables } = await explainQueries(store.pool, list, mode);
      expect({ mode, tooMany: bufferPages > maxPages ? bufferPages : 0 }).toEqual({ mode, tooMany: 0 });
      expect(seqScannedTables).toEqual([]);
    }
  },
);
