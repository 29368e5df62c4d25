import type pg from 'pg';
import type { Outcome } from '../../../src/policy/outcome.ts';
import { claimDeliveries } from '../../../src/store/deliveries/claims/claim-deliveries.ts';
import { recordAttempts } from '../../../src/store/deliveries/recording/record-attempts.ts';
import { cancelDelivery } from '../../../src/store/deliveries/retry-and-cancel.ts';
import { type FoldRound, foldPass } from '../../../src/store/statistics/fold-pass.ts';
import { eventually } from '../../set-up/eventually.ts';
import { attemptRecordOf } from '../attempt-record.ts';
import type { SeededStore } from '../seed.ts';

/** Folds until everything is counted that was written before. Transactions of other databases of the server delay that. */
export async function foldAll(pool: pg.Pool, maxOutcomes = 50_000): Promise<void> {
  const { rows } = await pool.query<{ now: Date }>('SELECT clock_timestamp() AS now');
  let round: FoldRound | null = null;
  await eventually(async () => {
    round = (await foldPass(pool, round, maxOutcomes))?.round ?? null;
    const { rows: states } = await pool.query(
      `SELECT settled_until > $1 AND NOT EXISTS (SELECT FROM statistics_progress WHERE behind_since IS NOT NULL) AS done
       FROM statistics_state`,
      [rows[0]!.now],
    );
    return states[0].done;
  }, 60_000);
}

/** Waits until all transactions of the server that have begun so far, of other databases too, have ended. */
export async function untilNoOlderTransactionRuns(pool: pg.Pool): Promise<void> {
  const { rows } = await pool.query<{ next: string }>(
    'SELECT pg_snapshot_xmax(pg_current_snapshot())::text AS next',
  );
  await eventually(async () => {
    const { rows: states } = await pool.query(
      'SELECT pg_snapshot_xmin(pg_current_snapshot()) >= $1::text::xid8 AS done',
      [rows[0]!.next],
    );
    return states[0].done;
  }, 60_000);
}

const FAILURES: Outcome[] = ['rejected', 'timeout', 'connection_failed'];
const CONSUMERS = [null, 'acme', 'globex'];
const TYPES = ['a.b', 'c.d'];

/** Accepts an event for each number, and lets its deliveries be delivered, retry, fail for good or be cancelled. */
export async function load(store: SeededStore, project: string, numbers: number[]): Promise<void> {
  const { pool } = store;
  for (const n of numbers) {
    const consumer = CONSUMERS[n % 3]!;
    const { ids } = await store.acceptEvent('mine', { projectId: project, consumer, type: TYPES[n % 2]! });
    for (const id of ids) {
      if (n % 7 === 0) {
        await cancelDelivery(pool, project, null, id);
        continue;
      }
      const [claim] = await claimDeliveries(pool, 'mine', [{ id, step: 0 }]);
      const outcome = n % 5 < 3 ? 'delivered' : FAILURES[n % 3]!;
      const retryInMs = outcome === 'delivered' || n % 4 === 0 ? null : 60_000;
      await recordAttempts(pool, [
        attemptRecordOf(claim!, { outcome, retryInMs, durationMs: (n * 37) % 3_000 }),
      ]);
    }
  }
}

const COUNTED = `
  WITH expected AS (
    SELECT project_id, consumer, endpoint_id, counted.kind, count(*) AS n
    FROM outcomes
    CROSS JOIN LATERAL (VALUES
      (CASE WHEN kind IN ('attempt.failed', 'delivery.delivered') THEN outcome END),
      (CASE WHEN kind IN ('delivery.undeliverable', 'delivery.cancelled') THEN substr(kind, 10) END),
      (CASE WHEN kind = 'delivery.delivered' THEN 'latency' END)
    ) AS counted (kind)
    WHERE counted.kind IS NOT NULL
    GROUP BY 1, 2, 3, 4
  ), scoped AS (
    SELECT project_id, scope, kind, sum(n) AS n
    FROM expected
    CROSS JOIN LATERAL (VALUES ('', 1), ('c/' || consumer, 2), (CASE WHEN kind <> 'latency' THEN 'e/' || endpoint_id END, 3))
      AS scoped (scope, part)
    WHERE scope IS NOT NULL
    GROUP BY 1, 2, 3
  ), spans AS (
    SELECT scoped.*, span FROM scoped CROSS JOIN unnest('{1,5,60,1440}'::int[]) AS span WHERE scope = '' OR span > 1
  )
  SELECT coalesce(spans.project_id, folded.project_id) AS project_id, coalesce(spans.scope, folded.scope) AS scope,
         coalesce(spans.kind, folded.kind) AS kind, coalesce(spans.span, folded.span) AS span, spans.n AS expected, folded.n AS folded
  FROM spans
  FULL JOIN (SELECT project_id, scope, kind, span, sum(n) AS n FROM delivery_statistics GROUP BY 1, 2, 3, 4) AS folded
    USING (project_id, scope, kind, span)
  WHERE spans.n IS DISTINCT FROM folded.n`;

const ACCEPTED = `
  WITH expected AS (
    SELECT project_id, scope, type, count(*) AS n FROM (
      SELECT project_id, '' AS scope, '' AS type FROM events
      UNION ALL SELECT project_id, 't', type FROM events
      UNION ALL SELECT project_id, 'c/' || consumer, '' FROM events WHERE consumer IS NOT NULL
      UNION ALL SELECT project_id, 'ct/' || consumer, type FROM events WHERE consumer IS NOT NULL
    ) AS scoped GROUP BY 1, 2, 3
  ), spans AS (
    SELECT expected.*, span FROM expected CROSS JOIN unnest('{1,5,60,1440}'::int[]) AS span
    WHERE span >= CASE WHEN scope = '' THEN 1 WHEN scope LIKE 'ct/%' THEN 1440 ELSE 5 END
  )
  SELECT * FROM spans
  FULL JOIN (SELECT project_id, scope, type, span, sum(n) AS folded FROM event_statistics GROUP BY 1, 2, 3, 4) AS folded
    USING (project_id, scope, type, span)
  WHERE spans.n IS DISTINCT FROM folded.folded`;

/** Returns the sums that differ between the statistics and the tables of outcomes and events. */
export const differences = async (pool: pg.Pool): Promise<unknown[]> => [
  ...(await pool.query(COUNTED)).rows,
  ...(await pool.query(ACCEPTED)).rows,
];
