-- outside a transaction
-- While a table is empty, all of its indexes cost the same, and the planner takes the newest that fits. A statement that looks
-- up events by their keys was planned with events_by_time, which also begins with the project and contains the id, but then
-- has to be read from the project's first event to its last. Such a plan stays until Postgres analyzes the table: until then,
-- recording an attempt took up to nine times as long. So the index of the key has to be the newest.
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS events_key ON events (project_id, id);
