import type pg from 'pg';
import { inTransaction } from '../postgres/database.ts';
import type { Scope } from '../scope.ts';
import { type Endpoint, findEndpoint } from './endpoints.ts';

// Without the lock, the second of two concurrent rotations would overwrite the first. Ingest does not wait for it.
const LOCK_SECRETS = `
  SELECT secrets, (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS now
  FROM endpoints
  WHERE project_id = $1 AND ($2::text IS NULL OR consumer = $2) AND id = $3 AND status <> 'deleted'
  FOR NO KEY UPDATE`;

const SET_SECRETS = `UPDATE endpoints SET secrets = $2, updated_at = now() WHERE id = $1`;

/**
 * Replaces the sealed secrets of an endpoint by what `change` returns; `now` is Postgres's time in milliseconds since the
 * epoch. Undefined if the scope has no such endpoint.
 */
export async function changeSecrets(
  pool: pg.Pool,
  scope: Scope,
  id: string,
  change: (sealed: Buffer, now: number) => Buffer,
): Promise<Endpoint | undefined> {
  return inTransaction(pool, async (client) => {
    const { rows } = await client.query<{ secrets: Buffer; now: number }>(LOCK_SECRETS, [
      scope.projectId,
      scope.consumer,
      id,
    ]);
    if (!rows[0]) return undefined;
    await client.query(SET_SECRETS, [id, change(rows[0].secrets, rows[0].now)]);
    return findEndpoint(client, scope, id);
  });
}
