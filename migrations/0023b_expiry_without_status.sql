-- The index of deliveries that expire names a generated column in place of `status`. With `status` in its predicate, no record
-- of a delivery could be a HOT update (0023), whether its event expires or not.

DROP INDEX deliveries_expiring;

ALTER TABLE deliveries
  ADD COLUMN open_expires_at timestamptz
    GENERATED ALWAYS AS (CASE WHEN status IN ('pending', 'retrying', 'held') THEN expires_at END) STORED;

CREATE INDEX deliveries_expiring ON deliveries (open_expires_at) WHERE open_expires_at IS NOT NULL;
