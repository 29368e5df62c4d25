-- What Posthorn does about a receiver that fails: it counts failures in a row, sends fewer requests, warns the project, and
-- disables the endpoint. A receiver that responds 410 is disabled at once.

-- A row exists only while the receiver's last outcome was a failure of its own. A success removes it.
CREATE TABLE receiver_failures (
  -- As in receiver_gates: an endpoint, or the project and origin of a target.
  receiver text PRIMARY KEY,
  project_id text NOT NULL,
  failures integer NOT NULL CHECK (failures > 0),
  first_failure_at timestamptz NOT NULL,
  last_failure_at timestamptz NOT NULL,
  -- How often the project was warned since the first failure.
  warnings smallint NOT NULL DEFAULT 0
) WITH (fillfactor = 50);

CREATE INDEX receiver_failures_first_failure_at ON receiver_failures (first_failure_at);

ALTER TABLE receiver_gates
  -- During a cool-down: the time from the next probe to the one after it.
  ADD COLUMN probe_interval_ms integer CHECK (probe_interval_ms > 0),
  -- Responses to requests that started before this time do not change spacing_ms again.
  ADD COLUMN spacing_changed_at timestamptz;

-- What the owner of a project is to be told. Written in the transaction of the change that it reports, so that each change is
-- reported exactly once. `data` has ids, times, counts and codes, and never a payload, a URL or a secret.
CREATE TABLE operational_events (
  id text PRIMARY KEY DEFAULT 'oev_' || replace(gen_random_uuid()::text, '-', ''),
  project_id text NOT NULL,
  type text NOT NULL,
  data jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE INDEX operational_events_project ON operational_events (project_id, created_at, id);
CREATE INDEX operational_events_created_at ON operational_events (created_at);

-- Why Posthorn itself disabled the endpoint.
ALTER TABLE endpoints
  ADD COLUMN disabled_reason text CHECK (disabled_reason IN ('gone', 'failing')),
  ADD CONSTRAINT endpoints_disabled_reason_is_of_disabled CHECK (disabled_reason IS NULL OR status IN ('disabled', 'deleted'));

-- When to warn and to disable, in seconds; null: the defaults (src/policy/failure-rules.ts).
ALTER TABLE projects ADD COLUMN failure_rules jsonb;
