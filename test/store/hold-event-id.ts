import type { SeededStore } from './seed.ts';

/**
 * Inserts an event with this id in a transaction that stays open, so that another insert of the id waits until the returned
 * function is called. The event is not stored.
 */
export async function holdEventId(
  { pool, project }: Pick<SeededStore, 'pool' | 'project'>,
  id: string,
): Promise<() => Promise<void>> {
  const client = await pool.connect();
  await client.query('BEGIN');
  await client.query(
    `INSERT INTO events (project_id, id, type, attributes, data, body, content_hash, profile, profile_version, status,
                         delivery_count, open_count, created_at)
     VALUES ($1, $2, 'a', '{}', '', '', '', 'p', 1, 'unrouted', 0, 0, now())`,
    [project, id],
  );
  return async () => {
    await client.query('ROLLBACK');
    client.release();
  };
}
