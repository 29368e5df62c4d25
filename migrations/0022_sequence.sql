-- A number for each event, which increases within its project: an event that is posted after another was accepted has a
-- higher one. All projects share one sequence, so a project's numbers have gaps. It must not cache numbers: each
-- connection would take its own range, and a later event could get a lower number.
--
-- An ordered endpoint gets one delivery at a time, in the order of these numbers.

CREATE SEQUENCE event_sequence AS bigint CACHE 1;

ALTER TABLE events ADD COLUMN sequence bigint;

UPDATE events SET sequence = numbered.sequence
FROM (SELECT project_id, id, row_number() OVER (ORDER BY created_at, id) AS sequence FROM events) AS numbered
WHERE events.project_id = numbered.project_id AND events.id = numbered.id;

SELECT setval('event_sequence', coalesce((SELECT max(sequence) FROM events), 0) + 1, false);

ALTER TABLE events
  ALTER COLUMN sequence SET DEFAULT nextval('event_sequence'),
  ALTER COLUMN sequence SET NOT NULL;
ALTER SEQUENCE event_sequence OWNED BY events.sequence;

ALTER TABLE endpoints ADD COLUMN ordered boolean NOT NULL DEFAULT false;

-- `sequence` is that of the event; `ordered`: the endpoint was ordered when the event was accepted.
ALTER TABLE deliveries
  ADD COLUMN sequence bigint,
  ADD COLUMN ordered boolean NOT NULL DEFAULT false;

UPDATE deliveries d SET sequence = event.sequence
FROM events event WHERE event.project_id = d.project_id AND event.id = d.event_id;

-- The first is the head of a receiver's queue, whether it waits, is under way or is held.
CREATE INDEX deliveries_ordered ON deliveries (receiver, sequence, id)
  WHERE ordered AND status IN ('pending', 'retrying', 'held');
