import type pg from 'pg';
import { inTransaction } from '../postgres/database.ts';
import { deleteConsumerIn } from '../projects/consumers.ts';
import { removeIdempotencyKeysAbout } from '../projects/create-once.ts';
import type { RunningErasure } from './running-erasures.ts';

// The time of the last event may be ahead, because another process's estimate of Postgres's clock dated it.
const CLOSE_CONSUMER = `
  UPDATE erasures
  SET events_before = greatest(clock_timestamp(), (SELECT max(created_at) + interval '1 millisecond' FROM events
                                                   WHERE project_id = $2 AND consumer = $3)),
      closed_xid = pg_current_xact_id()
  WHERE id = $1
  RETURNING events_before AS "eventsBefore"`;

/** Deletes the consumer and records that older events are to be erased. Null while the consumer has endpoints. */
export function closeConsumer(
  pool: pg.Pool,
  { id, projectId, subject }: RunningErasure,
): Promise<Date | null> {
  return inTransaction(pool, async (client) => {
    if (!(await deleteConsumerIn(client, projectId, subject))) return null;
    await removeIdempotencyKeysAbout(client, projectId, subject);
    const { rows } = await client.query<{ eventsBefore: Date }>(CLOSE_CONSUMER, [id, projectId, subject]);
    return rows[0]!.eventsBefore;
  });
}

// A call that was authenticated before may still run, and post events: its transaction is then older than this one, or it
// fails, because a key is cached for half a second only.
const CLOSE_PROJECT = `
  UPDATE erasures SET events_before = clock_timestamp(), closed_xid = pg_current_xact_id()
  WHERE id = $1 AND created_at < clock_timestamp() - $2 * interval '1 millisecond'`;

/** Records that the project's calls have ended, at the earliest `afterMs` after its keys were deleted. False: not yet. */
export async function closeProject(pool: pg.Pool, id: string, afterMs: number): Promise<boolean> {
  return (await pool.query(CLOSE_PROJECT, [id, afterMs])).rowCount === 1;
}
