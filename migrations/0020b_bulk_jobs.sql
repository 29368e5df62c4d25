-- Jobs that send or cancel many deliveries. A job is a row: what it is about, how far it has come and how fast it may go. A
-- workflow works through it page by page, and each page is committed together with the row, so a job goes on where it was.
-- A paused job has no workflow.

CREATE TABLE bulk_jobs (
  id text PRIMARY KEY,
  kind text NOT NULL CHECK (kind IN ('recover_failed', 'recover_missing', 'cancel')),
  project_id text NOT NULL REFERENCES projects (id),
  -- The consumer whose key started it; null: a key of the project, or the admin key.
  consumer text,
  started_by text NOT NULL,
  filter jsonb NOT NULL,
  -- Instead of what the filter finds.
  delivery_ids text[],
  -- The retry policy of deliveries that replay no other.
  policy text NOT NULL,
  -- Deliveries a second; null: as fast as it goes.
  rate integer CHECK (rate > 0),
  status text NOT NULL DEFAULT 'running' CHECK (status IN ('running', 'paused', 'done', 'cancelled')),
  -- Each start of a workflow has a number of its own, so that an earlier one that still runs changes nothing.
  run integer NOT NULL DEFAULT 1,
  worked_at timestamptz NOT NULL DEFAULT now(),
  checked_at timestamptz NOT NULL DEFAULT now(),
  -- What has been worked through, and what has been counted; null: all. Ids of deliveries, or times and ids of events.
  position text DEFAULT '',
  counted_to text DEFAULT '',
  counted integer NOT NULL DEFAULT 0,
  done integer NOT NULL DEFAULT 0,
  skipped integer NOT NULL DEFAULT 0,
  -- When the next delivery may be due at the earliest.
  next_due_at timestamptz,
  -- What had become of its deliveries when it was last looked at.
  delivered integer NOT NULL DEFAULT 0,
  undeliverable integer NOT NULL DEFAULT 0,
  cancelled integer NOT NULL DEFAULT 0,
  measured_at timestamptz,
  started_at timestamptz NOT NULL DEFAULT now(),
  ended_at timestamptz,
  CONSTRAINT bulk_jobs_ended_check CHECK ((ended_at IS NOT NULL) = (status IN ('done', 'cancelled')))
) WITH (fillfactor = 50);

CREATE INDEX bulk_jobs_project ON bulk_jobs (project_id, id);
CREATE INDEX bulk_jobs_open ON bulk_jobs (project_id) WHERE status IN ('running', 'paused');
CREATE INDEX bulk_jobs_running ON bulk_jobs (id) WHERE status = 'running';

-- Which job made a delivery. The status of other deliveries is NULL in the index, so that recording them remains a HOT update.
ALTER TABLE deliveries
  ADD COLUMN recovery_id text,
  ADD COLUMN recovery_status text GENERATED ALWAYS AS (CASE WHEN recovery_id IS NOT NULL THEN status END) STORED;

CREATE INDEX deliveries_recovery ON deliveries (recovery_id, recovery_status) WHERE recovery_id IS NOT NULL;
