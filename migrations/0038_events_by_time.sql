-- outside a transaction
-- With the bits of 0037: a search reads an event only if its bits match.
CREATE INDEX CONCURRENTLY IF NOT EXISTS events_by_time ON events (project_id, created_at, id) INCLUDE (search_bits);
DROP INDEX CONCURRENTLY IF EXISTS events_newest;
