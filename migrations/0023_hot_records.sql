-- Recording a delivered first attempt becomes a HOT update: it changes no column that an index names, so it writes no index
-- entries. `status` and `due_at` change with every record, so the indexes use columns that Postgres generates from them. A
-- delivery that is pending and has an owner is in none of these indexes; `assigned_first_attempts` lists it instead. Rewrites
-- the table. Nothing is released yet, so processes of the previous version need not keep working after this migration.

DROP INDEX deliveries_assigned, deliveries_status_newest, deliveries_unassigned, deliveries_unassigned_restricted,
  deliveries_ordered, deliveries_scheduled;

ALTER TABLE deliveries
  -- The statuses that are rare among a month of delivered ones.
  ADD COLUMN listed_status text GENERATED ALWAYS AS (nullif(nullif(status, 'pending'), 'delivered')) STORED,
  -- True while an ordered endpoint waits for the delivery.
  ADD COLUMN in_order boolean
    GENERATED ALWAYS AS (CASE WHEN ordered AND status IN ('pending', 'retrying', 'held') THEN true END) STORED,
  -- When the delivery is due, unless assigned_first_attempts lists it.
  ADD COLUMN indexed_due_at timestamptz
    GENERATED ALWAYS AS (CASE WHEN owner IS NULL OR status <> 'pending' THEN due_at END) STORED;

CREATE INDEX deliveries_status_newest ON deliveries (project_id, listed_status, id) WHERE listed_status IS NOT NULL;
CREATE INDEX deliveries_unassigned ON deliveries (project_id, indexed_due_at)
  WHERE owner IS NULL AND indexed_due_at IS NOT NULL AND lane <> 'restricted';
CREATE INDEX deliveries_unassigned_restricted ON deliveries (receiver, indexed_due_at, id)
  WHERE owner IS NULL AND indexed_due_at IS NOT NULL AND lane = 'restricted';
CREATE INDEX deliveries_assigned ON deliveries (indexed_due_at) WHERE owner IS NOT NULL AND indexed_due_at IS NOT NULL;

CREATE INDEX deliveries_scheduled ON deliveries (indexed_due_at) WHERE owner = 'schedule' AND indexed_due_at IS NOT NULL;
CREATE INDEX deliveries_ordered ON deliveries (receiver, sequence, id) WHERE in_order;

-- Every delivery that is pending and has an owner. A row may outlive that state for some seconds, so readers check the delivery.
CREATE TABLE assigned_first_attempts (
  delivery_id text PRIMARY KEY
);
INSERT INTO assigned_first_attempts (delivery_id)
SELECT id FROM deliveries WHERE status = 'pending' AND owner IS NOT NULL;
