import type pg from 'pg';
import { serializePolicy } from '../../../src/policy/retry-policy.ts';
import type { Queryable } from '../../../src/store/postgres/database.ts';
import { foldAccepted } from '../../../src/store/statistics/fold-accepted.ts';
import {
  foldRanges,
  limitRanges,
  type OutcomeRange,
  projectsToFold,
} from '../../../src/store/statistics/fold-outcomes.ts';
import { measureBacklog } from '../../../src/store/statistics/measure-backlog.ts';
import { readBacklog } from '../../../src/store/statistics/read-backlog.ts';
import { readEndpointFigures, visibleEndpoints } from '../../../src/store/statistics/read-endpoints.ts';
import { readEventTypes } from '../../../src/store/statistics/read-event-types.ts';
import { readProjectFigures } from '../../../src/store/statistics/read-project-figures.ts';
import { readAccepted, readFreshness, readTimeline } from '../../../src/store/statistics/read-timeline.ts';
import { removeStatistics } from '../../../src/store/statistics/statistics-retention.ts';
import { statisticsLagSeconds } from '../../../src/store/statistics/statistics-state.ts';
import { POLICY, type SeededStore, seedStore } from '../seed.ts';
import { explainQueries } from './explain.ts';

/** Enough 8 kB pages for the rows that a statement returns or changes, not for those beside them. */
const MANY_PAGES = 3_000;
const LARGE = ['outcomes', 'deliveries', 'delivery_statistics', 'event_statistics', 'endpoints'];

let store: SeededStore;
let ranges: OutcomeRange[];

beforeAll(async () => {
  store = await seedStore();
  const { pool, project } = store;
  await pool.query(
    `INSERT INTO outcomes (project_id, kind, event_id, status, outcome, endpoint_id, duration_ms, latency_ms)
     SELECT $1, 'delivery.delivered', 'evt', 'delivered', 'delivered', 'ep_' || n % 100, n % 100, n % 500
     FROM generate_series(1, 150000) AS n`,
    [project],
  );
  await pool.query(
    `INSERT INTO statistics_progress (project_id, folded_below) VALUES ($1, pg_snapshot_xmax(pg_current_snapshot()))`,
    [project],
  );
  await pool.query(
    `INSERT INTO outcomes (project_id, kind, event_id, status, outcome, endpoint_id, duration_ms)
     SELECT $1, 'attempt.failed', 'evt', 'retrying', 'timeout', 'ep_' || n % 10, n FROM generate_series(1, 100) AS n`,
    [project],
  );
  const { rows } = await pool.query(
    'SELECT folded_below::text AS low, pg_snapshot_xmax(pg_current_snapshot())::text AS high FROM statistics_progress',
  );
  ranges = [{ projectId: project, ...rows[0], isLimited: false }];
  await pool.query(
    `INSERT INTO delivery_statistics (project_id, scope, span, at, kind, bucket, n)
     SELECT $1, CASE WHEN scope > 0 THEN 'e/ep_' || scope ELSE '' END, span, date_bin('5 minutes', now(), '2026-01-01') - n * span * interval '1 minute', 'delivered', 4, 1
     FROM generate_series(0, 150) AS scope CROSS JOIN unnest('{5,60}'::int[]) AS span CROSS JOIN generate_series(0, 575) AS n`,
    [project],
  );
  await pool.query(
    `INSERT INTO event_statistics (project_id, scope, span, at, type, n)
     SELECT $1, CASE WHEN type > 0 THEN 't' ELSE '' END, span, date_bin('5 minutes', now(), '2026-01-01') - n * span * interval '1 minute', CASE WHEN type > 0 THEN 'a.t' || type ELSE '' END, 1
     FROM generate_series(0, 50) AS type CROSS JOIN unnest('{5,60}'::int[]) AS span CROSS JOIN generate_series(0, 575) AS n`,
    [project],
  );
  await pool.query(
    `INSERT INTO event_statistics (project_id, scope, span, at, type, n)
     SELECT $1, 'ct/c_' || consumer, 1440, date_bin('1 day', now(), '1970-01-01') - day * interval '1 day', 'a.t' || type, 1
     FROM generate_series(1, 200) AS consumer CROSS JOIN generate_series(0, 20) AS day CROSS JOIN generate_series(1, 20) AS type`,
    [project],
  );
  await pool.query(
    `INSERT INTO endpoints (id, project_id, url, events, secrets) SELECT 'ep_' || n, $1, 'http://127.0.0.1:9/', '{*}', '\\x00'
     FROM generate_series(1, 20000) AS n`,
    [project],
  );
  await pool.query(
    `INSERT INTO deliveries (id, project_id, event_id, endpoint_id, receiver, policy, lane, status, owner, due_at, created_at)
     SELECT 'dlv_' || n, $1, 'evt', 'ep_' || n % 50, 'ep_' || n % 50, $2, CASE WHEN n % 5 = 0 THEN 'restricted' ELSE 'fast' END,
            CASE WHEN n > 200 THEN 'delivered' WHEN n % 3 = 0 THEN 'retrying' ELSE 'pending' END,
            CASE WHEN n > 200 THEN 'event/1' END, CASE WHEN n <= 200 THEN now() END, now()
     FROM generate_series(1, 100000) AS n`,
    [project, serializePolicy(POLICY)],
  );
  await pool.query(
    `INSERT INTO accepted_counts (project_id, type, at, n) SELECT $1, 'a.b', now(), 1 FROM generate_series(1, 100)`,
    [project],
  );
  await pool.query(
    `INSERT INTO accepted_counts (project_id, consumer, type, at, n)
     SELECT $1, 'c_' || n % 20, 'a.t' || n, now(), 1 FROM generate_series(1, 40) AS n`,
    [project],
  );
  await pool.query('ANALYZE');
});
afterAll(() => store.drop());

const HOUR_MS = 3_600_000;
const day = () => ({
  from: new Date(Date.now() - 24 * HOUR_MS),
  to: new Date(),
  stepMinutes: 15,
  span: 5 as const,
});
const month = () => ({
  from: new Date(Date.now() - 30 * 24 * HOUR_MS),
  to: new Date(),
  span: 1440 as const,
});
const fifty = Array.from({ length: 50 }, (_, n) => `ep_${n + 1}`);

const statements: [string, (db: Queryable) => Promise<unknown>][] = [
  ['finding projects to count', (db) => projectsToFold(db, '')],
  ['dividing what is to be counted', (db) => limitRanges(db, ranges, 50_000)],
  ['counting outcomes', (db) => foldRanges(db, ranges)],
  ['counting accepted events', (db) => foldAccepted(db, 50_000)],
  ['counting what is open', (db) => measureBacklog(db)],
  ['a day of a project', (db) => readTimeline(db, store.project, { kind: 'project' }, day(), null)],
  [
    'a day of an endpoint',
    (db) => readTimeline(db, store.project, { kind: 'endpoint', id: 'ep_7' }, day(), null),
  ],
  ['accepted events of a day', (db) => readAccepted(db, store.project, { kind: 'project' }, day(), null)],
  ['types of a day', (db) => readEventTypes(db, store.project, { kind: 'project' }, day(), null)],
  [
    'types of a consumer in a month',
    (db) => readEventTypes(db, store.project, { kind: 'consumer', id: 'c_7' }, month(), null),
  ],
  [
    'a day of fifty endpoints',
    (db) => readEndpointFigures(db, store.project, fifty, { ...day(), span: 60, stepMinutes: 60 }),
  ],
  ['fifty endpoints', (db) => visibleEndpoints(db, { projectId: store.project, consumer: null }, fifty)],
  ['figures of projects', (db) => readProjectFigures(db, [store.project])],
  ['how fresh figures are', (db) => readFreshness(db, store.project)],
  ['the lag', (db) => statisticsLagSeconds(db)],
  ['the backlog', (db) => readBacklog(db, { projectId: store.project, consumer: null })],
  ['removing old minutes', (db) => removeStatistics(db as pg.Pool, 5, 400 * 24 * HOUR_MS)],
];

test.each(statements)(
  'beside 150,000 outcomes and as many figures, %s reads only what it needs',
  async (_, run) => {
    for (const mode of ['force_generic_plan', 'force_custom_plan'] as const) {
      const { bufferPages, seqScannedTables } = await explainQueries(store.pool, run, mode);
      expect({ mode, scanned: seqScannedTables.filter((table) => LARGE.includes(table)) }).toEqual({
        mode,
        scanned: [],
      });
      expect({ mode, tooMany: bufferPages > MANY_PAGES ? bufferPages : 0 }).toEqual({ mode, tooMany: 0 });
    }
  },
);
