-- Restricted receivers take turns by project, so that one with thousands of them does not delay another: their queues are read
-- from the index of unassigned deliveries, which begins with the project.

DROP INDEX deliveries_unassigned_restricted;
CREATE INDEX deliveries_unassigned_restricted ON deliveries (project_id, receiver, indexed_due_at, id)
  WHERE owner IS NULL AND indexed_due_at IS NOT NULL AND lane = 'restricted';

-- Time in which a receiver could have been sent requests and was not, because Posthorn was late, and that is made up for. At
-- most a second.
ALTER TABLE receiver_gates ADD COLUMN lost_ms double precision NOT NULL DEFAULT 0;

-- For the metric: receivers that cool down are few among those that are restricted.
CREATE INDEX receiver_gates_cooling_down ON receiver_gates (receiver) WHERE not_before_reason = 'cooldown';

-- Endpoints are checked every few seconds. Events can name any number of targets, which have no endpoint.
DROP INDEX receiver_failures_first_failure_at;
CREATE INDEX receiver_failures_endpoints ON receiver_failures (first_failure_at) WHERE receiver LIKE 'ep\_%';
