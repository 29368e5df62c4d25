import { holdReason } from '../endpoints/hold-reason.ts';

/** SQL for what the new deliveries have in common. */
export type NewDeliveries = {
  project: string;
  lane: string;
  /** When the delivery of the row `copy` is due, if its endpoint does not hold it back. */
  dueAt: string;
  createdAt?: string;
  /** The job that makes them. */
  recovery?: string;
};

/**
 * SQL: the last two parts of a WITH, which insert deliveries of events that are stored already, and count them at their
 * events. Before them comes `copy`, with a row for each: new_id, event_id, endpoint_id, receiver, consumer, policy, test,
 * replay_of, sequence, expires_at. The transaction has locked the endpoints and the events. A delivery to a paused or
 * disabled endpoint is held, as when its event is accepted.
 */
export const insertForEvents = ({
  project,
  lane,
  dueAt,
  createdAt = 'now()',
  recovery = 'NULL',
}: NewDeliveries): string => `
  counted_event AS (
    UPDATE events e
    SET status = 'pending', settled_at = NULL, open_count = e.open_count + added.n, delivery_count = e.delivery_count + added.n
    FROM (SELECT event_id, count(*)::int AS n FROM copy GROUP BY event_id) AS added
    WHERE e.project_id = ${project} AND e.id = added.event_id
  ), inserted AS (
    INSERT INTO deliveries (id, project_id, event_id, endpoint_id, receiver, consumer, policy, status, waiting_for, trigger,
                            lane, due_at, test, replay_of, recovery_id, created_at, sequence, ordered, expires_at, sent_later)
    SELECT copy.new_id, ${project}, copy.event_id, copy.endpoint_id, copy.receiver, copy.consumer, copy.policy,
           CASE WHEN hold.reason IS NULL THEN 'pending' ELSE 'held' END, hold.reason, 'manual', ${lane},
           CASE WHEN hold.reason IS NULL THEN ${dueAt} END, copy.test, copy.replay_of, ${recovery}, ${createdAt},
           copy.sequence, coalesce(endpoint.ordered, false), copy.expires_at, CASE WHEN copy.replay_of IS NULL THEN true END
    FROM copy
    LEFT JOIN endpoints endpoint ON endpoint.id = copy.endpoint_id
    CROSS JOIN LATERAL (
      SELECT CASE WHEN endpoint.id IS NOT NULL THEN ${holdReason('endpoint')} END AS reason
    ) AS hold
    RETURNING id
  )`;
