import { outcomesAfter } from '../../../src/store/outcomes/outcomes.ts';
import type { SeededStore } from '../seed.ts';
import type { World } from './world.ts';

/**
 * Reads outcomes as a stream does, until the world has ended. The last ones become visible only when all older
 * transactions have ended, including those of other databases on the same server.
 */
export async function readStream(store: SeededStore, world: World): Promise<string[]> {
  const seqs: string[] = [];
  let cursor = { xid: '0', seq: '0' };
  const readNext = async (): Promise<void> => {
    const all = { projectId: world.project, consumer: null };
    const { outcomes, next } = await outcomesAfter(store.pool, all, cursor, 7);
    seqs.push(...outcomes.map(({ seq }) => seq));
    cursor = next;
    await expectAssignedFirstAttemptsListed(store);
  };
  while (!world.hasEnded) await readNext();
  const { n } = await store.queryOne('SELECT count(*)::int AS n FROM outcomes WHERE project_id = $1', [
    world.project,
  ]);
  for (const until = performance.now() + 60_000; seqs.length < n && performance.now() < until; )
    await readNext();
  return seqs;
}

/** Otherwise the reconciler would not find them, and they would not count as in flight. */
async function expectAssignedFirstAttemptsListed(store: SeededStore): Promise<void> {
  const { rows } = await store.pool.query(
    `SELECT id FROM deliveries WHERE status = 'pending' AND owner IS NOT NULL
       AND NOT EXISTS (SELECT FROM assigned_first_attempts WHERE delivery_id = deliveries.id)`,
  );
  expect(rows).toEqual([]);
}

/** Expects that nothing is open, and that events, deliveries, attempts and outcomes agree. */
export async function expectConsistency(store: SeededStore, project: string): Promise<void> {
  const open = await store.pool.query(
    `SELECT id, status, owner FROM deliveries WHERE project_id = $1 AND status IN ('pending', 'retrying', 'held')`,
    [project],
  );
  expect(open.rows).toEqual([]);
  const claimed = await store.pool.query(
    'SELECT id FROM deliveries WHERE project_id = $1 AND claimed_at IS NOT NULL',
    [project],
  );
  expect(claimed.rows).toEqual([]);
  const miscounted = await store.pool.query(
    `SELECT e.id, e.status, e.open_count, d.* FROM events e
     CROSS JOIN LATERAL (
       SELECT count(*) AS n, count(*) FILTER (WHERE status = 'delivered') AS delivered,
              count(*) FILTER (WHERE status = 'undeliverable') AS undeliverable
       FROM deliveries d WHERE d.project_id = e.project_id AND d.event_id = e.id) AS d
     WHERE e.project_id = $1
       AND (e.open_count <> 0 OR e.delivery_count <> d.n OR e.delivered_count <> d.delivered
            OR e.undeliverable_count <> d.undeliverable
            OR e.status <> CASE WHEN d.n = 0 THEN 'unrouted' WHEN d.undeliverable > 0 THEN 'undeliverable'
                                WHEN d.delivered > 0 THEN 'delivered' ELSE 'cancelled' END)`,
    [project],
  );
  expect(miscounted.rows).toEqual([]);
  const gaps = await store.pool.query(
    `SELECT d.id, d.attempts, array_agg(a.number ORDER BY a.epoch) AS numbers
     FROM deliveries d LEFT JOIN attempts a ON a.delivery_id = d.id
     WHERE d.project_id = $1
     GROUP BY d.id, d.attempts
     HAVING count(a.number) <> d.attempts
         OR array_agg(a.number ORDER BY a.epoch) FILTER (WHERE a.number IS NOT NULL)
            <> (SELECT array_agg(n) FROM generate_series(1, d.attempts) AS n)`,
    [project],
  );
  expect(gaps.rows).toEqual([]);
  const settled = await store.pool.query(
    `SELECT e.id, (SELECT count(*) FROM settlings s WHERE s.event_id = e.id) AS times,
            (SELECT count(*) FROM outcomes o WHERE o.project_id = e.project_id AND o.event_id = e.id
                                               AND o.kind = 'event.settled') AS recorded
     FROM events e WHERE e.project_id = $1`,
    [project],
  );
  expect(settled.rows.filter(({ times, recorded }) => times !== recorded)).toEqual([]);
}
