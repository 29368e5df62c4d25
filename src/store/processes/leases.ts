import type { Queryable } from '../postgres/database.ts';

/** A task that only one process at a time may run. */
export type LeaseName = 'reconciler' | 'retention' | 'statistics';

/** A holder that cannot reach Postgres must find out soon, because its lease may expire. */
const TIMEOUT_MS = 3_000;

// Uses only Postgres's clock. An expiry further ahead than twice the duration was written before the clock was set back, so
// it counts as expired. If another process holds the lease, nothing is written.
const ACQUIRE = `
  INSERT INTO leases (name, holder, expires_at)
  SELECT $1, $2, clock_timestamp() + $3 * interval '1 millisecond'
  WHERE NOT EXISTS (SELECT FROM leases WHERE name = $1 AND holder <> $2 AND NOT (${isExpired('expires_at')}))
  ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, expires_at = excluded.expires_at
  WHERE leases.holder = excluded.holder OR ${isExpired('leases.expires_at')}
  RETURNING holder`;

function isExpired(expiresAt: string): string {
  return `(${expiresAt} < clock_timestamp() OR ${expiresAt} > clock_timestamp() + $3 * 2 * interval '1 millisecond')`;
}

/** Acquires a free or expired lease, or renews the holder's own, for `durationMs`. Returns false while another process holds it. */
export async function acquireLease(
  db: Queryable,
  name: LeaseName,
  holder: string,
  durationMs: number,
): Promise<boolean> {
  const query = { text: ACQUIRE, values: [name, holder, durationMs], query_timeout: TIMEOUT_MS };
  const { rowCount } = await db.query(query);
  return rowCount === 1;
}

const RELEASE = 'DELETE FROM leases WHERE name = $1 AND holder = $2';

/** Releases the lease, so that another process can acquire it at once. Does nothing if another process holds it. */
export async function releaseLease(db: Queryable, name: LeaseName, holder: string): Promise<void> {
  const query = { text: RELEASE, values: [name, holder], query_timeout: TIMEOUT_MS };
  await db.query(query);
}
