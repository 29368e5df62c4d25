import type { Queryable } from '../postgres/database.ts';

/** What one process at a time does. */
export type LeaseName = 'reconciler';

/** A holder that cannot reach Postgres must not wait long to learn of it. */
const WITHIN_MS = 3_000;

// By Postgres's clock alone. An end that lies further ahead than any lease lasts was written before the clock was put
// back: it counts as over. Who finds the lease held writes nothing.
const TAKE = `
  INSERT INTO leases (name, holder, expires_at)
  SELECT $1, $2, clock_timestamp() + $3 * interval '1 millisecond'
  WHERE NOT EXISTS (SELECT FROM leases WHERE name = $1 AND holder <> $2 AND NOT (${isExpired('expires_at')}))
  ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, expires_at = excluded.expires_at
  WHERE leases.holder = excluded.holder OR ${isExpired('leases.expires_at')}
  RETURNING holder`;

function isExpired(expiresAt: string): string {
  return `(${expiresAt} < clock_timestamp() OR ${expiresAt} > clock_timestamp() + $3 * 2 * interval '1 millisecond')`;
}

/** Takes a lease that is free or over, or makes one's own last anew; false while another holds it. */
export async function acquireLease(
  db: Queryable,
  name: LeaseName,
  holder: string,
  lastsMs: number,
): Promise<boolean> {
  const query = { text: TAKE, values: [name, holder, lastsMs], query_timeout: WITHIN_MS };
  const { rowCount } = await db.query(query);
  return rowCount === 1;
}

const RELEASE = 'DELETE FROM leases WHERE name = $1 AND holder = $2';

/** Lets the next one take the lease at once; nothing happens if it is another's by now. */
export async function releaseLease(db: Queryable, name: LeaseName, holder: string): Promise<void> {
  const query = { text: RELEASE, values: [name, holder], query_timeout: WITHIN_MS };
  await db.query(query);
}
