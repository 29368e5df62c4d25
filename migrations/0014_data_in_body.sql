-- Stores the bytes of an event once: where the profile inserts `data` into the body unchanged, the row has its place there,
-- and no copy. Existing rows keep their copy. Nothing is released yet, so processes of the previous version need not keep
-- working after this migration.

ALTER TABLE events
  ALTER COLUMN data DROP NOT NULL,
  ADD COLUMN data_offset integer,
  ADD COLUMN data_length integer,
  ADD CONSTRAINT events_data_check CHECK (data IS NOT NULL OR data_offset IS NOT NULL AND data_length IS NOT NULL) NOT VALID;
