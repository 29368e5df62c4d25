-- One row for each receiver that is restricted, whatever the reason: it is slow, its endpoint has limits, it asked for a pause,
-- or a backlog goes out to it. It takes the place of receiver_health. Deliveries to a restricted receiver queue by themselves,
-- in the lane `restricted`, and a delivery is attempted when its receiver's gate lets it through.

CREATE TABLE receiver_gates (
  receiver text PRIMARY KEY,
  project_id text NOT NULL,
  -- Posthorn's own limit: the receiver does not respond, or only slowly.
  slow_since timestamptz,
  slow_cause text,
  -- Copies of the limits of the endpoint, so that the match and the queue read one row.
  concurrency integer CHECK (concurrency > 0),
  rate integer CHECK (rate > 0),
  rate_period text CHECK (rate_period IN ('second', 'minute')),
  ordered boolean NOT NULL DEFAULT false,
  -- Nothing is sent before this time.
  not_before timestamptz,
  not_before_reason text CHECK (not_before_reason IN ('retry_after', 'cooldown')),
  -- The least time between two requests.
  spacing_ms integer CHECK (spacing_ms > 0),
  -- Set while a backlog goes out: at most so many requests a second.
  drain_rate integer CHECK (drain_rate > 0),
  -- The earliest start of the next request that a rate allows.
  next_start_at timestamptz,
  -- Permits that were given before this time are void.
  closed_at timestamptz,
  updated_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT receiver_gates_slow_check CHECK ((slow_since IS NULL) = (slow_cause IS NULL)),
  CONSTRAINT receiver_gates_rate_and_period_check CHECK ((rate IS NULL) = (rate_period IS NULL)),
  CONSTRAINT receiver_gates_not_before_check CHECK ((not_before IS NULL) = (not_before_reason IS NULL)),
  -- A row without a restriction would keep a receiver's deliveries out of the fast queue for nothing.
  CONSTRAINT receiver_gates_restricts_check CHECK (
    slow_since IS NOT NULL OR concurrency IS NOT NULL OR rate IS NOT NULL OR ordered OR not_before IS NOT NULL
    OR spacing_ms IS NOT NULL OR drain_rate IS NOT NULL)
) WITH (fillfactor = 50);

INSERT INTO receiver_gates (receiver, project_id, slow_since, slow_cause)
SELECT health.receiver, coalesce(endpoint.project_id, split_part(health.receiver, ' ', 1)), health.slow_since, health.cause
FROM receiver_health health LEFT JOIN endpoints endpoint ON endpoint.id = health.receiver;

DROP TABLE receiver_health;

ALTER TABLE endpoints
  ADD COLUMN rate integer CHECK (rate > 0),
  ADD COLUMN rate_period text CHECK (rate_period IN ('second', 'minute')),
  ADD COLUMN concurrency integer CHECK (concurrency > 0),
  ADD CONSTRAINT endpoints_rate_and_period_check CHECK ((rate IS NULL) = (rate_period IS NULL));

-- When the gate of the receiver allows the request to start: the delivery's permit. It is in no index.
ALTER TABLE deliveries ADD COLUMN permitted_at timestamptz;

-- Nothing is released yet, so processes of the previous version need not keep working after this migration.
DROP INDEX deliveries_unassigned;
DROP INDEX deliveries_unassigned_slow;
ALTER TABLE deliveries DROP CONSTRAINT deliveries_lane_check;
UPDATE deliveries SET lane = 'restricted' WHERE lane = 'slow';
ALTER TABLE deliveries ADD CONSTRAINT deliveries_lane_check CHECK (lane IN ('fast', 'restricted', 'isolated'));
CREATE INDEX deliveries_unassigned ON deliveries (project_id, due_at)
  WHERE owner IS NULL AND due_at IS NOT NULL AND lane <> 'restricted';
CREATE INDEX deliveries_unassigned_restricted ON deliveries (receiver, due_at, id)
  WHERE owner IS NULL AND due_at IS NOT NULL AND lane = 'restricted';
