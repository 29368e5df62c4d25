-- outside a transaction
-- Lists bound the first columns of an index from both sides. Of an index that shares only its first column with the list, the
-- planner expects to read 0.5 % then, whatever it holds. So pages of deliveries could be read by sorting all deliveries of
-- the project, found along deliveries_event or, for a status, along deliveries_newest. Now deliveries_newest alone begins with
-- the project and holds all rows. Lookups by both columns of an index do not depend on their order.
CREATE INDEX CONCURRENTLY IF NOT EXISTS deliveries_of_event ON deliveries (event_id, project_id);
DROP INDEX CONCURRENTLY IF EXISTS deliveries_event;
CREATE INDEX CONCURRENTLY IF NOT EXISTS deliveries_of_status ON deliveries (listed_status, project_id, id)
  WHERE listed_status IS NOT NULL;
DROP INDEX CONCURRENTLY IF EXISTS deliveries_status_newest;
CREATE INDEX CONCURRENTLY IF NOT EXISTS deliveries_of_target ON deliveries (consumer, project_id, id)
  WHERE endpoint_id IS NULL AND consumer IS NOT NULL;
DROP INDEX CONCURRENTLY IF EXISTS deliveries_targets;
