-- Figures are added up as outcomes happen, away from the path of a delivery: counting raw rows would cost more with every
-- delivery that is kept. One process reads the stream of outcomes, and adds what it finds to these tables.

-- Of the attempt, and from the creation of a delivery until it was delivered.
ALTER TABLE outcomes
  ADD COLUMN duration_ms integer,
  ADD COLUMN status_code integer,
  ADD COLUMN latency_ms integer;

CREATE TABLE delivery_statistics (
  project_id text NOT NULL,
  scope text NOT NULL,        -- '' the project, 'c/<consumer>', 'e/<endpoint>'
  span smallint NOT NULL,     -- minutes: 1, 5, 60, 1440
  at timestamptz NOT NULL,    -- start of the span, UTC
  kind text NOT NULL,         -- the outcome of an attempt; or 'undeliverable', 'cancelled', 'latency'
  bucket smallint NOT NULL,   -- floor(2 * log2(ms)); -1 where nothing is timed
  n integer NOT NULL,
  PRIMARY KEY (project_id, scope, span, at, kind, bucket)
) WITH (fillfactor = 70);     -- a row is updated while its span lasts: room for HOT updates
CREATE INDEX delivery_statistics_age ON delivery_statistics (span, at);

CREATE TABLE endpoint_activity (
  project_id text NOT NULL,
  endpoint_id text NOT NULL,
  last_delivered_at timestamptz,
  last_failed_at timestamptz,
  PRIMARY KEY (project_id, endpoint_id)
) WITH (fillfactor = 70);

-- How far the outcomes of a project are counted. A project without a row is counted from statistics_state.begins_below.
CREATE TABLE statistics_progress (
  project_id text PRIMARY KEY,
  folded_below xid8 NOT NULL,
  behind_since timestamptz    -- until when all is counted, while there is more than one pass can count
) WITH (fillfactor = 70);

CREATE TABLE statistics_state (
  database_id uuid NOT NULL,            -- after a restore the transaction ids are those of another database
  begins_below xid8 NOT NULL,
  begins_at timestamptz NOT NULL,
  settled_until timestamptz NOT NULL,   -- everything before is counted, except in projects that are behind
  marked_xid xid8 NOT NULL,             -- a transaction that began at marked_at: younger ones write later outcomes
  marked_at timestamptz NOT NULL,
  backlog_measured_at timestamptz,
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row)
) WITH (fillfactor = 50);
INSERT INTO statistics_state (database_id, begins_below, begins_at, settled_until, marked_xid, marked_at)
SELECT id, pg_snapshot_xmin(pg_current_snapshot()), now(), now(), pg_current_xact_id(), now()
FROM database_identity;

-- What each transaction has accepted. Rows are only added, so no two transactions ever wait for each other, and removed when
-- they are counted. Without an index, because the table is short.
CREATE TABLE accepted_counts (
  project_id text NOT NULL,
  consumer text,
  type text NOT NULL,
  at timestamptz NOT NULL,
  n integer NOT NULL
);
ALTER TABLE accepted_counts REPLICA IDENTITY FULL; -- logical replication refuses to delete rows without an identity

CREATE TABLE event_statistics (
  project_id text NOT NULL,
  scope text NOT NULL,        -- '' the project, 'c/<consumer>', 't' each type of the project
  span smallint NOT NULL,     -- minutes: 1, 5, 60, 1440
  at timestamptz NOT NULL,    -- start of the span, UTC
  type text NOT NULL,         -- '' except for scope 't'
  n integer NOT NULL,
  PRIMARY KEY (project_id, scope, span, at, type)
) WITH (fillfactor = 70);
CREATE INDEX event_statistics_age ON event_statistics (span, at);

-- Open deliveries, as last counted.
CREATE TABLE backlog (
  project_id text NOT NULL,
  scope text NOT NULL,        -- '' the project, 'c/<consumer>'
  pending integer NOT NULL,
  retrying integer NOT NULL,
  held integer NOT NULL,
  oldest_open_at timestamptz NOT NULL,
  oldest_unattempted_at timestamptz,
  due jsonb NOT NULL,         -- deliveries that are due by the start of each five minutes
  endpoints jsonb NOT NULL,   -- the endpoints with the most
  PRIMARY KEY (project_id, scope)
) WITH (fillfactor = 70);
