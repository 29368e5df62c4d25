-- The trail has a share for each of those who write it: the admin key, the keys of the project, and each consumer. Before,
-- consumers had one together, so one of them could push out the entries of all others, and a project those of the admin key.

-- All consumers together have as much room as the project. While it suffices, each keeps its newest kept_of_consumer entries.
-- When it does not, it is divided equally, and what a consumer does not need goes to the others: only those with more than
-- their share lose entries, the oldest first. One entry of each consumer is always kept.
CREATE FUNCTION remove_excess_audit_entries(project text, kept int, kept_of_consumer int, at_most int) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
  room int := greatest(kept, 1000);
  room_of_consumer int := least(greatest(kept_of_consumer, 100), room);
  removed int;
BEGIN
  PERFORM set_config('posthorn.audit_removal', 'on', true);
  WITH counted AS (
    SELECT actor, consumer, count(*) AS entries FROM audit_entries WHERE project_id = project GROUP BY actor, consumer
  ), by_number AS (
    SELECT entries,
           row_number() OVER ascending AS place,
           sum(least(entries, room_of_consumer)) OVER ascending - least(entries, room_of_consumer) AS of_smaller,
           count(*) OVER () AS consumers
    FROM counted WHERE actor = 'consumer'
    WINDOW ascending AS (ORDER BY entries, consumer ROWS UNBOUNDED PRECEDING)
  ), equal_share AS (
    -- What the smaller consumers leave, divided among this one and the larger ones: at the first that it does not suffice for.
    SELECT (room - of_smaller) / (consumers - place + 1) AS entries FROM by_number
    WHERE of_smaller + least(entries, room_of_consumer) * (consumers - place + 1) > room
    ORDER BY place LIMIT 1
  ), share AS (
    SELECT greatest(least((SELECT floor(entries)::int FROM equal_share), room_of_consumer), 1) AS of_consumer
  ), excess AS (
    SELECT actor, consumer, entries - CASE actor WHEN 'consumer' THEN of_consumer ELSE room END AS entries
    FROM counted, share
    WHERE entries > CASE actor WHEN 'consumer' THEN of_consumer ELSE room END
  ), oldest AS (
    SELECT oldest_of_one.id
    FROM excess CROSS JOIN LATERAL (
      SELECT id FROM audit_entries
      WHERE project_id = project AND actor = excess.actor AND consumer = excess.consumer
      UNION ALL
      SELECT id FROM audit_entries
      WHERE project_id = project AND actor = excess.actor AND consumer IS NULL AND excess.consumer IS NULL
      ORDER BY id LIMIT excess.entries
    ) AS oldest_of_one
    LIMIT at_most
  ), locked AS (
    -- Another process may be removing the same entries.
    SELECT id FROM audit_entries WHERE id IN (SELECT id FROM oldest) ORDER BY id FOR UPDATE SKIP LOCKED
  )
  DELETE FROM audit_entries WHERE id IN (SELECT id FROM locked);
  GET DIAGNOSTICS removed = ROW_COUNT;
  PERFORM set_config('posthorn.audit_removal', 'off', true);
  RETURN removed;
END $$;

-- For processes of the earlier release, until they are replaced.
CREATE OR REPLACE FUNCTION remove_excess_audit_entries(project text, of_consumers boolean, kept int, at_most int) RETURNS int
LANGUAGE sql SECURITY DEFINER SET search_path FROM CURRENT AS $$
  SELECT CASE WHEN of_consumers THEN remove_excess_audit_entries(project, kept, 10000, at_most) ELSE 0 END
$$;
