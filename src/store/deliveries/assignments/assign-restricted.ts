import type pg from 'pg';
import { MAX_PROBE_INTERVAL_MS } from '../../../policy/failure-rules.ts';
import { SCHEDULE_OWNER } from '../../../policy/owner.ts';
import { type Allowance, allowanceOf, type Gate, PERMIT_VALID_MS } from '../../../policy/pacing.ts';
import { inTransaction, type Queryable } from '../../postgres/database.ts';
import { countDue, endWaits, startDrain } from '../../receivers/gates/drain.ts';
import { lockGatesOf } from '../../receivers/gates/gates.ts';
import { lineOf } from '../../receivers/order/order.ts';
import { assignedDeliveries } from '../assigned-deliveries.ts';
import {
  type AssignedRow,
  type Assignment,
  assignBatch,
  assignmentOf,
  maxDeliveriesFor,
  workflowIdOf,
} from './assignment.ts';
import type { RestrictedReceiver } from './restricted-receivers.ts';

/** SQL: from one probe of a cool-down to the next. */
const PROBE_INTERVAL = `coalesce(gate.probe_interval_ms, ${MAX_PROBE_INTERVAL_MS}) * interval '1 millisecond'`;

/** SQL: `startInMs` of the row of `allowed`. */
const startInMs = (index: string): string => `
  (allowed.first_in_ms
   + (least(${index}, allowed.quick) / 2.0 + greatest(0, ${index} - allowed.quick)) * allowed.interval_ms)`;

// Takes from each receiver, the oldest first, as many as its gate lets through; due deliveries that any workflow owns count
// against what may be under way. Each gets its permit: when its request may start. A receiver with a rate gets none while
// earlier permits are unused: another workflow could overtake theirs. An ordered receiver gets its head, with those that
// follow one after the other; what was accepted before it became ordered is not a part of the order, and is sent when it has
// been due longest.
const ASSIGN_PERMITTED = `
  WITH allowed AS (
    SELECT * FROM unnest($6::text[], $7::text[], $8::int[], $9::int[], $10::float8[], $11::float8[], $12::int[], $13::float8[],
                         $14::boolean[])
      AS a (project_id, receiver, at_once, permits, first_in_ms, interval_ms, quick, lost_ms, ordered)
  ), busy AS (
    SELECT receiver, count(*) AS n,
           bool_or(claimed_at IS NULL AND permitted_at > now() - interval '${PERMIT_VALID_MS} milliseconds') AS has_unused
    FROM (${assignedDeliveries('d.receiver, d.owner, d.claimed_at, d.permitted_at', '<= now()')}) AS assigned
    WHERE owner <> '${SCHEDULE_OWNER}' AND receiver = ANY ($7::text[])
    GROUP BY receiver
  ), first AS (
    SELECT d.id, d.project_id, d.policy, d.event_id, d.due_at, d.receiver, allowed.ordered AND d.ordered AS in_order,
           allowed.permits
    FROM allowed
    LEFT JOIN busy ON busy.receiver = allowed.receiver
    CROSS JOIN LATERAL (
      SELECT * FROM deliveries d
      WHERE d.owner IS NULL AND d.indexed_due_at IS NOT NULL AND d.lane = 'restricted' AND d.indexed_due_at <= now()
        AND d.project_id = allowed.project_id AND d.receiver = allowed.receiver
      ORDER BY d.indexed_due_at, d.id
      LIMIT CASE WHEN allowed.interval_ms > 0 AND busy.has_unused THEN 0
                 ELSE greatest(0, least(allowed.permits, allowed.at_once - coalesce(busy.n, 0), $1::int)) END
    ) AS d
  ), candidate AS (
    SELECT id, project_id, policy, event_id, due_at, 1::bigint AS nth, NULL AS ordered_for FROM first WHERE NOT in_order
    UNION ALL
    SELECT line.id, line.project_id, line.policy, line.event_id, line.head_due_at, line.nth, line.receiver
    FROM first
    CROSS JOIN LATERAL (${lineOf('first.receiver', 'least(first.permits, $16::int)', '$15')}) AS line
    WHERE first.in_order
  ), oldest AS (
    SELECT project_id, policy, event_id FROM candidate ORDER BY due_at, nth, id LIMIT 1
  ), taken AS (
    SELECT d.id, d.project_id, d.event_id, d.receiver, candidate.due_at, candidate.nth, candidate.ordered_for
    FROM deliveries d
    JOIN candidate ON candidate.id = d.id
    JOIN oldest ON oldest.project_id = candidate.project_id AND oldest.policy = candidate.policy
     AND ($2 OR oldest.event_id = candidate.event_id)
    WHERE d.owner IS NULL AND d.indexed_due_at IS NOT NULL AND d.lane = 'restricted'
    ORDER BY candidate.due_at, candidate.nth, candidate.id
    LIMIT (SELECT least($1::int, ${maxDeliveriesFor('policy')}) FROM oldest)
    FOR UPDATE OF d SKIP LOCKED
  ), numbered AS (
    SELECT taken.*, row_number() OVER (PARTITION BY receiver ORDER BY due_at, nth, id) - 1 AS index FROM taken
  ), batch AS (
    SELECT numbered.*, $3::timestamptz + ${startInMs('numbered.index')} * interval '1 millisecond' AS permitted_at
    FROM numbered JOIN allowed USING (receiver)
  ), given AS (
    SELECT receiver, count(*) AS n FROM batch GROUP BY receiver
  ), passed AS (
    UPDATE receiver_gates gate
    SET next_start_at = $3::timestamptz + ${startInMs('given.n')} * interval '1 millisecond',
        lost_ms = allowed.lost_ms - least(given.n, allowed.quick) * allowed.interval_ms / 2,
        not_before = CASE WHEN gate.not_before_reason = 'cooldown' THEN now() + ${PROBE_INTERVAL}
                          ELSE gate.not_before END,
        probe_interval_ms = CASE WHEN gate.not_before_reason = 'cooldown' THEN
                              greatest(gate.probe_interval_ms, least(gate.probe_interval_ms * 2, ${MAX_PROBE_INTERVAL_MS}))
                            ELSE gate.probe_interval_ms END
    FROM given JOIN allowed USING (receiver)
    WHERE gate.receiver = given.receiver AND (allowed.interval_ms > 0 OR gate.not_before IS NOT NULL)
  ), workflow AS (
    SELECT ${workflowIdOf('min(project_id)')} AS id
    FROM batch HAVING count(*) > 0
  )${assignBatch(
    '$5',
    'batch.permitted_at',
    `, batch.ordered_for, batch.nth::int,
     (SELECT count(*) FROM batch) < $1 AND (SELECT count(*) FROM batch) = (SELECT count(*) FROM candidate) AS is_all`,
  )}`;

export type AssignLimits = {
  /** Attempts that may be under way to a slow receiver. */
  maxPerReceiver: number;
  /** Deliveries a second of a backlog to one receiver; 0: no limit. */
  drainRate: number;
  maxDeliveries: number;
  grouping: boolean;
  uuid: string;
  processId?: string | null;
  /** Below this number no event can be stored any more. */
  completeSequence?: number;
  /** Deliveries of one ordered receiver that a workflow attempts one after the other. */
  maxInLine?: number;
};

/** `isAll`: the gates let nothing more through now. */
export type RestrictedAssignment = Assignment & { isAll: boolean };

/** A receiver whose gate is locked, and what it may be sent. */
export type Allowed = { receiver: string; projectId: string; allowance: Allowance };

/** Assigns due deliveries of these receivers to a new workflow, as many as their gates let through. */
export async function assignRestricted(
  pool: pg.Pool,
  receivers: RestrictedReceiver[],
  limits: AssignLimits,
): Promise<RestrictedAssignment | null> {
  const names = receivers.map(({ receiver }) => receiver);
  return inTransaction(pool, async (client) => {
    let locked = await lockGatesOf(client, names, { skipLocked: true });
    if (await startDrains(client, receivers, locked.gates, limits.drainRate))
      locked = await lockGatesOf(client, names, { skipLocked: true });
    const { at, gates } = locked;
    const allowed = receivers.flatMap(({ receiver, projectId, dueForMs }): Allowed[] => {
      const gate = gates.get(receiver);
      if (gate === undefined) return [];
      return [{ receiver, projectId, allowance: allowanceOf(gate, limits.maxPerReceiver, dueForMs) }];
    });
    return assignPermitted(client, at, allowed, limits);
  });
}

/**
 * Starts the drains of receivers to which nothing was sent for a while: Posthorn was away, or they asked it to wait.
 * Returns whether a gate has changed.
 */
async function startDrains(
  client: pg.PoolClient,
  receivers: RestrictedReceiver[],
  gates: Map<string, Gate | null>,
  drainRate: number,
): Promise<boolean> {
  const waited = receivers.filter(({ receiver }) => {
    const notBefore = gates.get(receiver)?.notBefore;
    return notBefore?.reason === 'retry_after' && notBefore.inMs <= 0;
  });
  const left = receivers.filter(({ receiver, isOverdue }) => isOverdue && gates.get(receiver) === null);
  const quiet = new Map([...waited, ...left].map((one) => [one.receiver, one]));
  const backlogs = quiet.size > 0 ? await countDue(client, [...quiet.values()], drainRate + 1) : [];
  let started = false;
  for (const { receiver, n } of backlogs.filter((backlog) => backlog.n > drainRate))
    started = (await startDrain(client, quiet.get(receiver)!, n, drainRate)) || started;
  if (waited.length === 0) return started;
  await endWaits(
    client,
    waited.map(({ receiver }) => receiver),
  );
  return true;
}

/** The same for gates that the caller has locked. `at`: the time from which the allowances count. */
export async function assignPermitted(
  db: Queryable,
  at: string,
  allowed: Allowed[],
  {
    maxDeliveries,
    grouping,
    uuid,
    processId = null,
    completeSequence = 0,
    maxInLine = 1,
  }: Omit<AssignLimits, 'maxPerReceiver' | 'drainRate'>,
): Promise<RestrictedAssignment | null> {
  const open = allowed.filter(({ allowance: { atOnce, permits } }) => atOnce > 0 && permits > 0);
  if (open.length === 0) return null;
  const { rows } = await db.query<AssignedRow & { is_all: boolean }>({
    name: 'assign-permitted',
    text: ASSIGN_PERMITTED,
    values: [
      ...[maxDeliveries, grouping, at, uuid, processId],
      open.map(({ projectId }) => projectId),
      open.map(({ receiver }) => receiver),
      open.map(({ allowance }) => allowance.atOnce),
      open.map(({ allowance }) => allowance.permits),
      open.map(({ allowance }) => allowance.firstInMs),
      open.map(({ allowance }) => allowance.intervalMs),
      open.map(({ allowance }) => allowance.quick),
      open.map(({ allowance }) => allowance.lostMs),
      open.map(({ allowance }) => allowance.ordered),
      completeSequence,
      maxInLine,
    ],
  });
  const assignment = assignmentOf(rows);
  return assignment && { ...assignment, isAll: rows[0]!.is_all };
}
