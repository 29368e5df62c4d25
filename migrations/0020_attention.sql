-- Deliveries that need attention can be listed: those that are retrying, or undeliverable with neither a replay nor a
-- dismissal. Deliveries of test events never do. The index names the generated column alone: with `status` in its key or
-- predicate, recording a delivered delivery could not be a HOT update. That column is NULL before and after it.
-- Rewrites the table, because existing deliveries get their values.

ALTER TABLE deliveries
  ADD COLUMN test boolean NOT NULL DEFAULT false,
  ADD COLUMN replayed_by text,
  ADD COLUMN dismissed_at timestamptz;

UPDATE deliveries d SET test = true FROM events e WHERE e.project_id = d.project_id AND e.id = d.event_id AND e.test;
UPDATE deliveries d SET replayed_by = replay.id
FROM (SELECT replay_of, max(id) AS id FROM deliveries WHERE replay_of IS NOT NULL GROUP BY replay_of) AS replay
WHERE d.id = replay.replay_of;

ALTER TABLE deliveries
  ADD COLUMN needs_attention boolean GENERATED ALWAYS AS (
    CASE WHEN NOT test
          AND (status = 'retrying' OR status = 'undeliverable' AND replayed_by IS NULL AND dismissed_at IS NULL)
         THEN true END
  ) STORED;

CREATE INDEX deliveries_attention ON deliveries (project_id, id) WHERE needs_attention;
