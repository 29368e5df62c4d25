-- Erasures are durable jobs: a row here is the intention, and any API process carries it on until everything is gone.

CREATE TABLE erasures (
  id text PRIMARY KEY,
  project_id text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('event', 'consumer', 'project')),
  -- The id of the event, the consumer or the project. The project's own row ends with its erasure, so this is no reference.
  subject text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  completed_at timestamptz,
  events_erased bigint NOT NULL DEFAULT 0,
  workflows_deleted bigint NOT NULL DEFAULT 0,
  waiting_for text CHECK (waiting_for IN ('attempts', 'temporal')),
  -- A process that works on the job holds it until then. Nobody works on it earlier.
  not_before timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- Set when the consumer or project is closed. Older events are erased, and those of transactions that were open then.
  events_before timestamptz,
  closed_xid xid8,
  -- How far outcomes have been searched for the events in erased_events.
  outcomes_xid xid8,
  outcomes_seq bigint
);

CREATE UNIQUE INDEX erasures_running_subject ON erasures (project_id, kind, subject) WHERE completed_at IS NULL;
CREATE INDEX erasures_running ON erasures (project_id, not_before) WHERE completed_at IS NULL;
CREATE INDEX erasures_project ON erasures (project_id, id);

-- Events that are gone, and whose outcomes were written in this time.
CREATE TABLE erased_events (
  erasure_id text NOT NULL REFERENCES erasures (id) ON DELETE CASCADE,
  event_id text NOT NULL,
  created_at timestamptz NOT NULL,
  settled_at timestamptz NOT NULL,
  PRIMARY KEY (erasure_id, event_id)
);
CREATE INDEX erased_events_oldest ON erased_events (erasure_id, created_at);

-- Workflows that carried deliveries of erased events, and are to be deleted in Temporal.
CREATE TABLE erased_workflows (
  erasure_id text NOT NULL REFERENCES erasures (id) ON DELETE CASCADE,
  workflow_id text NOT NULL,
  check_at timestamptz NOT NULL,
  PRIMARY KEY (erasure_id, workflow_id)
);
CREATE INDEX erased_workflows_next ON erased_workflows (erasure_id, check_at);

-- Set while the project is being erased: no key and no call finds it any more.
ALTER TABLE projects ADD COLUMN deleted_at timestamptz;
