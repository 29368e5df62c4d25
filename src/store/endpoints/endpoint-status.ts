import type pg from 'pg';
import { inTransaction, type Queryable } from '../postgres/database.ts';
import { beginAnew } from '../receivers/failures/begin-anew.ts';
import type { Scope } from '../scope.ts';
import { ENDPOINT_COLUMNS, type Endpoint } from './endpoints.ts';

export type EndpointAction = 'pause' | 'resume' | 'enable' | 'disable';

/** An endpoint whose held deliveries may have to be released, or may need another hold reason. */
export type PendingResync = { id: string; generation: string };

export type StateChangeResult =
  | { kind: 'done'; endpoint: Endpoint; resync: PendingResync | null }
  /** The action does not apply to this status; another action leads out of it. */
  | { kind: 'wrong_status'; status: 'paused' | 'disabled' }
  /** The project disabled the endpoint, so a consumer cannot enable it. */
  | { kind: 'disabled_by_project' }
  | { kind: 'not_found' };

// Null: the action does not apply. `disabled` takes precedence over `paused`; only `enable` ends it.
const NEXT_STATUS: Record<EndpointAction, Record<Endpoint['status'], Endpoint['status'] | null>> = {
  pause: { active: 'paused', paused: 'paused', disabled: null },
  resume: { active: 'active', paused: 'active', disabled: null },
  disable: { active: 'disabled', paused: 'disabled', disabled: 'disabled' },
  enable: { active: 'active', paused: null, disabled: 'active' },
};

// `resume` and `enable` wait for every ingest and claim that has read the old status (they hold KEY SHARE): the deliveries
// that they hold because of it are then committed, and the resync finds them. `pause` and `disable` need not wait, because
// an open delivery is held at its claim. They should not wait either: KEY SHARE is granted past a waiting UPDATE, and a
// few busy writers can hold it for seconds.
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

/** SQL: the generation for a locked endpoint `e` whose state changes now; null if it has no deliveries to resync. */
export const NEW_GENERATION = `
  CASE WHEN EXISTS (SELECT FROM deliveries d WHERE d.endpoint_id = e.id AND d.waiting_for IS NOT NULL)
            OR e.disabled_reason = 'gone'
       THEN clock_timestamp() END`;

const SET_STATUS = `
  UPDATE endpoints e SET status = $2, disabled_by = $3, disabled_reason = CASE WHEN $2 = 'disabled' THEN e.disabled_reason END,
      updated_at = now(), resync_due_at = ${NEW_GENERATION}
  WHERE id = $1
  RETURNING ${ENDPOINT_COLUMNS}, resync_due_at::text AS generation`;

/** Pauses, resumes, enables or disables an endpoint. If the result has `resync`, call resyncHeld afterwards. */
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
    if (next === null) return { kind: 'wrong_status', status: found.status as 'paused' | 'disabled' };
    const disabledBy = next === 'disabled' ? whoDisabled(found.disabledBy, consumer) : null;
    if (next !== 'disabled' && found.disabledBy === 'project' && consumer !== null)
      return { kind: 'disabled_by_project' };
    const isSame = next === found.status && disabledBy === found.disabledBy;
    if (next === 'active' && !isSame) await beginAnew(client, [endpointId]);
    const changed = isSame
      ? found
      : (await client.query<Row>(SET_STATUS, [endpointId, next, disabledBy])).rows[0]!;
    const { generation, ...endpoint } = changed;
    return { kind: 'done', endpoint, resync: generation === null ? null : { id: endpointId, generation } };
  });
}

/** An endpoint that the project disabled stays disabled by the project, even if the consumer disables it too. */
const whoDisabled = (before: Endpoint['disabledBy'], consumer: string | null): Endpoint['disabledBy'] =>
  before === 'project' || consumer === null ? 'project' : 'consumer';

const RESYNCS_DUE = `
  SELECT id, resync_due_at::text AS generation FROM endpoints
  WHERE resync_due_at < now() - $1 * interval '1 millisecond'
  ORDER BY resync_due_at`;

/** Returns the endpoints whose state changed at least `ageMs` ago and whose resync is not complete. */
export async function pendingResyncs(db: Queryable, ageMs: number): Promise<PendingResync[]> {
  return (await db.query<PendingResync>(RESYNCS_DUE, [ageMs])).rows;
}

const RESYNCS_OF = `
  SELECT id, resync_due_at::text AS generation FROM endpoints
  WHERE id = ANY ($1::text[]) AND resync_due_at IS NOT NULL ORDER BY id`;

/** Returns those of these endpoints whose resync is not complete. */
export async function resyncsOf(db: Queryable, ids: string[]): Promise<PendingResync[]> {
  return (await db.query<PendingResync>(RESYNCS_OF, [ids])).rows;
}

const COMPLETE_RESYNC = `UPDATE endpoints SET resync_due_at = NULL WHERE id = $1 AND resync_due_at = $2::timestamptz`;

/** Marks the resync as complete, unless the endpoint's state has changed again since `generation`. */
export async function completeResync(db: Queryable, { id, generation }: PendingResync): Promise<void> {
  await db.query(COMPLETE_RESYNC, [id, generation]);
}
