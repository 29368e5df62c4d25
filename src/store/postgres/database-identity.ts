import type { Queryable } from './database.ts';

// A copy on the same server has the same row, but another oid. A replica that is promoted keeps both.
const SELECT_IDENTITY = `
  SELECT identity.id || '/' || db.oid AS id
  FROM database_identity identity, pg_database db
  WHERE db.datname = current_database()`;

/** Names this database, as opposed to its copies: a restored dump has another identity. */
export async function databaseIdentity(db: Queryable): Promise<string> {
  const { rows } = await db.query<{ id: string }>(SELECT_IDENTITY);
  return rows[0]!.id;
}
