import type pg from 'pg';
import { inTransaction, type Queryable } from '../postgres/database.ts';
import type { Scope } from '../scope.ts';
import { ENDPOINT_COLUMNS, type Endpoint } from './endpoints.ts';

export type EndpointAction = 'pause' | 'resume' | 'enable' | 'disable';

/** An endpoint for which something may be held that its state does not hold any more, or holds for another reason. */
export type PendingResync = { id: string; generation: string };

export type StateChangeResult =
  | { kind: 'done'; endpoint: Endpoint; resync: PendingResync | null }
  /** Another action leads out of this status. */
  | { kind: 'refused'; status: 'paused' | 'disabled' }
  /** The project disabled it: no consumer may enable it. */
  | { kind: 'blocked' }
  | { kind: 'not_found' };

// Disabled is the stronger of the two: it ends with `enable` alone. Refused is null.
const NEXT_STATUS: Record<EndpointAction, Record<Endpoint['status'], Endpoint['status'] | null>> = {
  pause: { active: 'paused', paused: 'paused', disabled: null },
  resume: { active: 'active', paused: 'active', disabled: null },
  disable: { active: 'disabled', paused: 'disabled', disabled: 'disabled' },
  enable: { active: 'active', paused: null, disabled: 'active' },
};

// What lets an endpoint go on waits for every ingest and every claim that read the status before (they hold KEY SHARE):
// what they hold because of it is committed then, and the review finds it. What stops one need not: an open delivery is
// parked at its claim. Nor should it: KEY SHARE is granted past a waiting UPDATE, and eight writers that never rest keep it
// for seconds.
const LOCKS: Record<EndpointAction, 'UPDATE' | 'NO KEY UPDATE'> = {
  pause: 'NO KEY UPDATE',
  disable: 'NO KEY UPDATE',
  resume: 'UPDATE',
  enable: 'UPDATE',
};

const LOCK_ENDPOINT = `
  SELECT ${ENDPOINT_COLUMNS}, resync_due_at::text AS generation
  FROM endpoints
  WHERE id = $1 AND project_id = $2 AND ($3::text IS NULL OR consumer = $3) AND status <> 'deleted'
  FOR`;

/** SQL: the mark of a locked endpoint whose state changes now. Nothing is held: nothing to review. */
export const NEW_GENERATION = `
  CASE WHEN EXISTS (SELECT FROM deliveries d WHERE d.endpoint_id = e.id AND d.waiting_for IS NOT NULL)
       THEN clock_timestamp() END`;

const SET_STATUS = `
  UPDATE endpoints e SET status = $2, disabled_by = $3, updated_at = now(), resync_due_at = ${NEW_GENERATION}
  WHERE id = $1
  RETURNING ${ENDPOINT_COLUMNS}, resync_due_at::text AS generation`;

/** Pauses, resumes, enables or disables. What is held for it has to be reviewed then: see reviewHeld. */
export async function changeEndpointState(
  pool: pg.Pool,
  { projectId, consumer }: Scope,
  endpointId: string,
  action: EndpointAction,
): Promise<StateChangeResult> {
  return inTransaction(pool, async (client) => {
    type Row = Endpoint & { generation: string | null };
    const scope = [endpointId, projectId, consumer];
    const found = (await client.query<Row>(`${LOCK_ENDPOINT} ${LOCKS[action]}`, scope)).rows[0];
    if (!found) return { kind: 'not_found' };
    const next = NEXT_STATUS[action][found.status];
    if (next === null) return { kind: 'refused', status: found.status as 'paused' | 'disabled' };
    const disabledBy = next === 'disabled' ? whoDisabled(found.disabledBy, consumer) : null;
    if (next !== 'disabled' && found.disabledBy === 'project' && consumer !== null)
      return { kind: 'blocked' };
    const isSame = next === found.status && disabledBy === found.disabledBy;
    const changed = isSame
      ? found
      : (await client.query<Row>(SET_STATUS, [endpointId, next, disabledBy])).rows[0]!;
    const { generation, ...endpoint } = changed;
    return { kind: 'done', endpoint, resync: generation === null ? null : { id: endpointId, generation } };
  });
}

/** What the project has disabled stays so, though the consumer disables it as well. */
const whoDisabled = (before: Endpoint['disabledBy'], consumer: string | null): Endpoint['disabledBy'] =>
  before === 'project' || consumer === null ? 'project' : 'consumer';

const RESYNCS_DUE = `
  SELECT id, resync_due_at::text AS generation FROM endpoints
  WHERE resync_due_at < now() - $1 * interval '1 millisecond'
  ORDER BY resync_due_at`;

/** The endpoints whose state changed at least `ageMs` ago, and whose review never came to its end. */
export async function pendingResyncs(db: Queryable, ageMs: number): Promise<PendingResync[]> {
  return (await db.query<PendingResync>(RESYNCS_DUE, [ageMs])).rows;
}

const COMPLETE_RESYNC = `UPDATE endpoints SET resync_due_at = NULL WHERE id = $1 AND resync_due_at = $2::timestamptz`;

/** What is held for the endpoint follows its state, unless that has changed since `mark` was set. */
export async function completeResync(db: Queryable, { id, generation }: PendingResync): Promise<void> {
  await db.query(COMPLETE_RESYNC, [id, generation]);
}
