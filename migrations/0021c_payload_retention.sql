-- A project may have payloads removed before POSTHORN_RETENTION ends. The record of the event stays.

ALTER TABLE projects
  ADD COLUMN payload_retention_seconds int CHECK (payload_retention_seconds > 0),
  -- Payloads of events created before are removed, or in payloads_kept.
  ADD COLUMN payloads_removed_before timestamptz;

ALTER TABLE events
  ADD COLUMN payload_removed_at timestamptz,
  -- No delivery may be added to an event whose body is gone.
  ADD CONSTRAINT events_payload_check CHECK (payload_removed_at IS NULL OR open_count = 0) NOT VALID;

-- Events that had an open delivery when their time came.
CREATE TABLE payloads_kept (
  project_id text NOT NULL,
  event_id text NOT NULL,
  check_at timestamptz NOT NULL,
  PRIMARY KEY (project_id, event_id)
);
CREATE INDEX payloads_kept_next ON payloads_kept (project_id, check_at);
