import { holdReason } from '../endpoints/hold-reason.ts';
import { lacksPermit, needsPermit } from './gates/gates.ts';
import { waitsForTurn } from './order/order.ts';

/** SQL: whether `d` has been assigned with a permit, as the probe of a cool-down is: what waits behind it waits longer. */
const isLetThrough = (d: string): string => `(${d}.owner IS NOT NULL AND NOT ${lacksPermit(d)})`;

/*
 * What a delivery waits for is not stored: it follows from the delivery, its endpoint and its gate, which also decide what
 * happens. The order of the cases is the order in which the conditions have to end: a delivery of a paused endpoint that is
 * due in an hour is not sent in an hour.
 */
const waiting = (d: string, column: 'reason' | 'until'): string => `
  CASE WHEN ${d}.claimed_at IS NULL AND (${d}.due_at IS NOT NULL OR ${d}.status = 'held') THEN (
    SELECT wait.${column}
    FROM (SELECT ${d}.*) AS d
    LEFT JOIN endpoints e ON e.id = d.endpoint_id AND e.status <> 'deleted'
    LEFT JOIN receiver_gates gate ON gate.receiver = d.receiver
    CROSS JOIN LATERAL (
      SELECT CASE
        WHEN e.id IS NOT NULL AND ${holdReason('e')} IS NOT NULL THEN ${holdReason('e')}
        WHEN d.status = 'held' THEN 'engine'
        WHEN d.owner IS NOT NULL AND d.due_at <= now() AND NOT ${lacksPermit('d')} THEN 'engine'
        WHEN ${waitsForTurn('d')} IS NOT NULL THEN 'order'
        WHEN gate.not_before > greatest(d.due_at, now()) AND NOT ${isLetThrough('d')} THEN gate.not_before_reason
        WHEN d.due_at > now() THEN 'schedule'
        WHEN gate.not_before_reason = 'cooldown' AND NOT ${isLetThrough('d')} THEN 'cooldown'
        WHEN gate.receiver IS NOT NULL AND d.owner IS NULL AND (d.lane = 'restricted' OR ${needsPermit('d', 'gate')}) THEN 'rate'
        WHEN gate.receiver IS NOT NULL AND ${lacksPermit('d')} THEN 'rate'
        ELSE 'engine' END AS reason
    ) AS named
    CROSS JOIN LATERAL (
      SELECT named.reason,
             CASE WHEN named.reason = 'schedule' THEN d.due_at
                  WHEN named.reason IN ('retry_after', 'cooldown') AND gate.not_before > now() THEN gate.not_before
             END AS until
    ) AS wait) END`;

/** SQL: the columns waitingFor and waitingUntil of a delivery, null if it does not wait; the second also if unknown. */
export const waitingColumns = (d: string): string => `
  ${waiting(d, 'reason')} AS "waitingFor", ${waiting(d, 'until')} AS "waitingUntil"`;

/** SQL: both as one text, which changes whenever one of them does. */
export const waitingDigest = (d: string): string =>
  `concat_ws(' ', ${waiting(d, 'reason')}, extract(epoch FROM ${waiting(d, 'until')}))`;
