-- Excess entries are counted in the index alone. Postgres does so only if the column of the indexed expression is in it too, and if
-- the plan is not made for a value: it would turn "= false" into another expression. Each pass read all rows that are kept.
DROP INDEX audit_entries_counted;
CREATE INDEX audit_entries_counted ON audit_entries (project_id, (actor = 'consumer'), id) INCLUDE (actor)
  WHERE project_id IS NOT NULL;
ALTER FUNCTION remove_excess_audit_entries(text, boolean, int, int) SET plan_cache_mode = force_generic_plan;
