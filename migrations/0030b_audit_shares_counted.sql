-- outside a transaction
-- Shares are counted in this index alone: it has all columns that counting names. Calls can add entries while it is built.
DROP INDEX CONCURRENTLY IF EXISTS audit_entries_of_actor;
CREATE INDEX CONCURRENTLY audit_entries_of_actor ON audit_entries (project_id, actor, consumer, id) WHERE project_id IS NOT NULL;
DROP INDEX CONCURRENTLY IF EXISTS audit_entries_counted;
