import type { Queryable } from '../postgres/database.ts';

/** The most rows that one statement removes, so that it takes less than a second. */
const MAX_ROWS = 5_000;

const removeExpired = (table: string): string => `
  DELETE FROM ${table} WHERE ctid IN (
    SELECT ctid FROM ${table} WHERE expires_at < now() ORDER BY expires_at LIMIT ${MAX_ROWS} FOR UPDATE SKIP LOCKED)`;

const REMOVE_EXPIRED = ['sessions', 'sign_in_codes', 'portal_links'].map(removeExpired);

/** Removes up to 5,000 expired sessions, sign-in codes and portal links each. Returns how many; 0: none is left. */
export async function removeExpiredSessions(db: Queryable): Promise<number> {
  let removed = 0;
  for (const statement of REMOVE_EXPIRED) removed += (await db.query(statement)).rowCount ?? 0;
  return removed;
}
