import { deliveryIdsBetween } from '../deliveries/delivery-lists.ts';
import { type Queryable, retryOnConflict } from '../postgres/database.ts';
import { type BulkFilter, fitsFilter } from './bulk-filter.ts';

/** Deliveries in one transaction: few, so that nothing waits long for their locks. */
const BATCH = 500;
const MAX_LOOKED_AT = 5_000;

// Locks in id order, as every transaction does. Between the look and the lock, a delivery may have been replayed.
const lockedAndDismissed = (candidates: string): string => `
  locked AS (
    SELECT d.id FROM deliveries d JOIN (${candidates}) AS candidate USING (id)
    WHERE d.status = 'undeliverable' AND d.replayed_by IS NULL AND d.dismissed_at IS NULL
    ORDER BY d.id FOR UPDATE OF d
  ), dismissed AS (
    UPDATE deliveries d SET dismissed_at = now() FROM locked WHERE d.id = locked.id RETURNING d.id
  )`;

const DISMISS_THESE = `
  WITH ${lockedAndDismissed('SELECT id FROM deliveries WHERE project_id = $1 AND id = ANY ($2::text[])')}
  SELECT count(*)::int AS n FROM dismissed`;

/** Dismisses those of the deliveries that are undeliverable and not replayed. Returns how many. */
export async function dismissThese(db: Queryable, projectId: string, ids: string[]): Promise<number> {
  const { rows } = await retryOnConflict(() => db.query<{ n: number }>(DISMISS_THESE, [projectId, ids]));
  return rows[0]!.n;
}

// `looked` is bounded by rows, `candidate` by rows to change; the next batch goes on after the last row that was decided.
const dismissFitted = (filter: BulkFilter): string => `
  WITH looked AS MATERIALIZED (
    SELECT d.* FROM deliveries d
    WHERE d.project_id = $1 AND d.needs_attention AND d.id > $2 AND d.id < $3
    ORDER BY d.project_id, d.id LIMIT ${MAX_LOOKED_AT}
  ), candidate AS MATERIALIZED (
    SELECT d.id FROM looked d WHERE d.status = 'undeliverable' AND ${fitsFilter(filter, '$4::jsonb')} ORDER BY d.id LIMIT ${BATCH}
  ), ${lockedAndDismissed('SELECT id FROM candidate')}
  SELECT (SELECT count(*)::int FROM dismissed) AS n,
         CASE WHEN (SELECT count(*) FROM candidate) = ${BATCH} THEN (SELECT max(id) FROM candidate)
              WHEN (SELECT count(*) FROM looked) = ${MAX_LOOKED_AT} THEN (SELECT max(id) FROM looked) END AS next`;

/**
 * Dismisses the next undeliverable deliveries that fit, in id order after `afterId` ('' for the first). `next`: the id to
 * go on after; null when all have been looked at.
 */
export async function dismissFitting(
  db: Queryable,
  projectId: string,
  filter: BulkFilter,
  afterId: string,
): Promise<{ dismissed: number; next: string | null }> {
  const [lowest, above] = deliveryIdsBetween(filter.since, filter.until);
  const values = [projectId, afterId === '' ? lowest : afterId, above, JSON.stringify(filter)];
  const { rows } = await retryOnConflict(() =>
    db.query<{ n: number; next: string | null }>(dismissFitted(filter), values),
  );
  const { n, next } = rows[0]!;
  return { dismissed: n, next };
}
