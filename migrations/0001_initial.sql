-- The first schema. Postgres holds every intention: a delivery row says what is still to be done and when;
-- a Temporal workflow (owner) carries it out. Bodies and receivers' bytes are bytea, because jsonb reorders
-- keys, refuses \u0000 and changes numbers.

-- The identity of this database: a stream cursor of another database is refused (410) instead of misread.
CREATE TABLE database_identity (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  outcomes_removed_below xid8 NOT NULL DEFAULT '0',  -- retention: a cursor before it has missed something
  only_row boolean NOT NULL DEFAULT true UNIQUE CHECK (only_row)
);
INSERT INTO database_identity DEFAULT VALUES;

CREATE TABLE projects (
  id text PRIMARY KEY,
  name text NOT NULL,
  profile text NOT NULL,
  policy jsonb,                       -- the override as the caller wrote it: {delays?, timeout?, jitter?}
  created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE consumers (
  project_id text NOT NULL REFERENCES projects (id),
  id text NOT NULL,
  name text,
  plan text,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (project_id, id)
);

CREATE TABLE api_keys (
  id text PRIMARY KEY,
  project_id text NOT NULL REFERENCES projects (id),
  consumer text,                      -- null: a project key
  hash bytea NOT NULL UNIQUE,         -- SHA-256 of the key; the key itself is nowhere
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX api_keys_project ON api_keys (project_id, id);

CREATE TABLE endpoints (
  id text PRIMARY KEY,
  project_id text NOT NULL REFERENCES projects (id),
  consumer text,
  url text NOT NULL,
  events text[] NOT NULL,
  description text,
  secrets bytea,                      -- sealed JSON array, newest first; null once deleted
  headers bytea,                      -- sealed JSON object; null: none
  status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'paused', 'disabled', 'deleted')),
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  swept_at timestamptz                -- deleted: when all that was open for it had been cancelled
);
CREATE INDEX endpoints_project ON endpoints (project_id, id);
-- Whom an event goes to.
CREATE INDEX endpoints_consumer ON endpoints (project_id, consumer) WHERE status <> 'deleted';
-- Whose deletion is not finished (the reconciler).
CREATE INDEX endpoints_unswept ON endpoints (updated_at) WHERE status = 'deleted' AND swept_at IS NULL;

-- Only the receivers that are slow or failing: written on transitions, read at assignment.
CREATE TABLE receiver_health (
  receiver text PRIMARY KEY,          -- as in deliveries.receiver
  slow_since timestamptz NOT NULL DEFAULT now(),
  cause text NOT NULL
);

-- The tables from here on have no foreign keys: each would cost a query and a row lock on the parent for every row, a
-- fifth of Postgres's work for a delivery, and lock the one row of a busy project. What they would guard is written
-- by one statement (event with deliveries), under the delivery's lock (attempts), and removed children first.
CREATE TABLE events (
  project_id text NOT NULL,
  id text NOT NULL,
  type text NOT NULL,
  consumer text,
  test boolean NOT NULL DEFAULT false,
  attributes jsonb NOT NULL,
  data bytea NOT NULL,                -- as the producer sent it
  body bytea NOT NULL,                -- as every receiver gets it
  content_hash bytea NOT NULL,        -- SHA-256 over type, data, consumer, attributes and target
  profile text NOT NULL,
  profile_version integer NOT NULL,
  target_url text,
  target_secret bytea,                -- sealed
  status text NOT NULL CHECK (status IN ('pending', 'delivered', 'undeliverable', 'cancelled', 'unrouted')),
  delivery_count integer NOT NULL,
  open_count integer NOT NULL CHECK (open_count >= 0),
  delivered_count integer NOT NULL DEFAULT 0,
  undeliverable_count integer NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL,
  settled_at timestamptz,
  PRIMARY KEY (project_id, id)
) WITH (fillfactor = 85);
CREATE INDEX events_newest ON events (project_id, created_at, id);

CREATE TABLE deliveries (
  id text PRIMARY KEY,
  project_id text NOT NULL,
  event_id text NOT NULL,
  endpoint_id text,                   -- null: the event's target
  receiver text NOT NULL,             -- whose health and room count: the endpoint, or project and origin of a target
  consumer text,
  policy text NOT NULL,               -- canonical JSON of the policy in force; groups share one
  status text NOT NULL CHECK (status IN ('pending', 'retrying', 'held', 'delivered', 'undeliverable', 'cancelled')),
  step integer NOT NULL DEFAULT 0,    -- place in the policy: 0 is the immediate attempt
  attempts integer NOT NULL DEFAULT 0,
  epoch integer NOT NULL DEFAULT 0,   -- one more with every claim
  claimed_at timestamptz,             -- an open claim; null when recorded or given back
  unknown_streak integer NOT NULL DEFAULT 0,
  trigger text NOT NULL DEFAULT 'schedule' CHECK (trigger IN ('schedule', 'manual', 'rerun')),
  cancel_reason text,                 -- set: a cancel waits for the attempt under way
  owner text,                         -- the workflow that carries it; null: waits for assignment, or for no one
  workflow_id text,                   -- its last owner, for the link into the Web UI
  due_at timestamptz,                 -- null: held or final
  lane text NOT NULL DEFAULT 'fast' CHECK (lane IN ('fast', 'slow', 'alone')),
  last_outcome text,
  last_status_code integer,
  reason text,
  waiting_for text,
  replay_of text,
  created_at timestamptz NOT NULL,
  settled_at timestamptz,
  CHECK ((due_at IS NOT NULL) = (status IN ('pending', 'retrying')))
) WITH (fillfactor = 80);             -- claims change unindexed columns only: room for HOT updates
CREATE INDEX deliveries_event ON deliveries (project_id, event_id);
CREATE INDEX deliveries_newest ON deliveries (project_id, id);
CREATE INDEX deliveries_endpoint ON deliveries (endpoint_id, id);
-- What waits for assignment. Slow receivers queue apart, each by itself: their backlog is never scanned for a healthy one.
CREATE INDEX deliveries_waiting ON deliveries (project_id, due_at)
  WHERE owner IS NULL AND due_at IS NOT NULL AND lane <> 'slow';
CREATE INDEX deliveries_waiting_slow ON deliveries (receiver, due_at)
  WHERE owner IS NULL AND due_at IS NOT NULL AND lane = 'slow';
-- What a workflow carries: due for long means that nobody works on it (the reconciler).
CREATE INDEX deliveries_owned ON deliveries (due_at) WHERE owner IS NOT NULL AND due_at IS NOT NULL;

CREATE TABLE attempts (
  delivery_id text NOT NULL,
  epoch integer NOT NULL,
  number integer NOT NULL,
  step integer NOT NULL,
  trigger text NOT NULL,
  started_at timestamptz NOT NULL,
  duration_ms integer NOT NULL,
  outcome text NOT NULL,
  status_code integer,
  resent boolean NOT NULL DEFAULT false,
  request_url text,
  request_headers bytea,
  response_headers bytea,
  response_body bytea,
  response_truncated boolean NOT NULL DEFAULT false,
  error_code text,
  error_message text,
  PRIMARY KEY (delivery_id, epoch)
);

-- What happened, for the stream. xid is the writing transaction: readers take only rows below the snapshot's
-- xmin, so that a row that commits late is never skipped.
CREATE TABLE outcomes (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
  project_id text NOT NULL,
  consumer text,
  kind text NOT NULL,
  event_id text NOT NULL,
  delivery_id text,
  endpoint_id text,
  status text NOT NULL,
  outcome text,
  attempt integer,
  next_attempt_at timestamptz,
  reason text,
  at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX outcomes_stream ON outcomes (project_id, xid, seq);
