-- outside a transaction
-- Like 0041, for endpoints: one that is looked up by its project and id was found in endpoints_consumer, which is newer, but has
-- the consumer between the two, until Postgres analyzed the table.
CREATE INDEX CONCURRENTLY IF NOT EXISTS endpoints_of_project ON endpoints (project_id, id) WHERE status <> 'deleted';
DROP INDEX CONCURRENTLY IF EXISTS endpoints_project;
