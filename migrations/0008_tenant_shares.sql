-- What keeps one tenant from harming another: indexes for what is listed by default, so that a list reads what it shows
-- and not what lies beside it; who disabled an endpoint; and since when a consumer's id means the consumer that it means now.

-- A consumer's events, newest first. Events of one millisecond are sorted by id when they are read: with the id the index
-- would be half as large again. No column that settling an event changes may be in an index: it is a HOT update.
CREATE INDEX events_consumer ON events (project_id, consumer, created_at) WHERE consumer IS NOT NULL;

-- The states that are rare among a month of delivered ones. A delivery that succeeds at once is never in it.
CREATE INDEX deliveries_exceptions ON deliveries (project_id, status, id)
  WHERE status IN ('retrying', 'held', 'undeliverable', 'cancelled');
-- A consumer's deliveries are those to its endpoints, which deliveries_endpoint has, and to its events' targets.
CREATE INDEX deliveries_targets ON deliveries (project_id, consumer, id)
  WHERE endpoint_id IS NULL AND consumer IS NOT NULL;

-- Lists of endpoints pass over no deleted ones, however many there were.
DROP INDEX endpoints_project;
CREATE INDEX endpoints_project ON endpoints (project_id, id) WHERE status <> 'deleted';
DROP INDEX endpoints_consumer;
CREATE INDEX endpoints_consumer ON endpoints (project_id, consumer, id) WHERE status <> 'deleted';
-- Deleted ones too: their deliveries are still the consumer's.
CREATE INDEX endpoints_ever ON endpoints (project_id, consumer, id) WHERE consumer IS NOT NULL;

CREATE INDEX consumers_newest ON consumers (project_id, created_at, id);
CREATE INDEX api_keys_consumer ON api_keys (project_id, consumer) WHERE consumer IS NOT NULL;

-- A key of the project, or of the consumer. A consumer's key cannot enable what the project disabled.
ALTER TABLE endpoints ADD COLUMN disabled_by text CHECK (disabled_by IN ('project', 'consumer'));

-- A consumer of the same id that is made later is another one: what is not younger than this is not its own.
CREATE TABLE deleted_consumers (
  project_id text NOT NULL REFERENCES projects (id),
  id text NOT NULL,
  deleted_at timestamptz NOT NULL,
  PRIMARY KEY (project_id, id)
);
