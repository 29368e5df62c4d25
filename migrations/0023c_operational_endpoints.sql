-- Operational webhooks are endpoints and events of a hidden project beside the owner's: its id has a character that no
-- call can send, so no list, quota, metric or stream of a user shows them, and the same engine delivers them.

ALTER TABLE projects ADD COLUMN operational_of text UNIQUE;

ALTER TABLE operational_events ADD COLUMN handed_over_at timestamptz;
UPDATE operational_events SET handed_over_at = created_at;
CREATE INDEX operational_events_waiting ON operational_events (created_at, id) WHERE handed_over_at IS NULL;

-- How far the outcomes of a project have been searched for undeliverable deliveries.
CREATE TABLE undeliverable_digests (
  project_id text PRIMARY KEY,
  xid xid8 NOT NULL DEFAULT pg_snapshot_xmin(pg_current_snapshot()),
  seq bigint NOT NULL DEFAULT 0,
  not_before timestamptz NOT NULL DEFAULT clock_timestamp()
);
