-- A trail of the calls that change something: who, when, what, on what. It holds names and ids, never values.
-- An entry is committed before the change begins and gets its result afterwards, once. Nothing else may change it, and only
-- the two functions below remove entries: the trigger refuses everything else. Whoever owns the table can disable the
-- trigger, so it prevents mistakes; grant a role that does not own the table no DELETE, and UPDATE only of the result.

CREATE TABLE audit_entries (
  id text PRIMARY KEY,
  project_id text,
  at timestamptz NOT NULL,
  actor text NOT NULL,
  key_id text,
  consumer text,
  action text NOT NULL,
  subject_type text NOT NULL,
  subject_id text,
  fields text[] NOT NULL,
  request_id text NOT NULL,
  status int
);

CREATE INDEX audit_entries_project ON audit_entries (project_id, id);
CREATE INDEX audit_entries_subject ON audit_entries (project_id, subject_id, id);
-- Consumers' entries are counted apart, so that no consumer can push out those of its project.
CREATE INDEX audit_entries_counted ON audit_entries (project_id, (actor = 'consumer'), id) WHERE project_id IS NOT NULL;

CREATE FUNCTION keep_audit_entries() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' AND current_setting('posthorn.audit_removal', true) = 'on' THEN
    RETURN OLD;
  END IF;
  IF TG_OP = 'UPDATE' AND OLD.status IS NULL AND NEW.status IS NOT NULL
     AND (OLD.subject_id IS NULL OR NEW.subject_id = OLD.subject_id)
     AND to_jsonb(NEW) - 'status' - 'subject_id' = to_jsonb(OLD) - 'status' - 'subject_id' THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'audit entries are only added and removed by age or number' USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE TRIGGER keep_audit_entries BEFORE UPDATE OR DELETE ON audit_entries
  FOR EACH ROW EXECUTE FUNCTION keep_audit_entries();
CREATE TRIGGER keep_all_audit_entries BEFORE TRUNCATE ON audit_entries
  FOR EACH STATEMENT EXECUTE FUNCTION keep_audit_entries();

-- With the rights of the owner, so that no other role needs DELETE. Neither can empty the trail. They set the parameter in
-- their bodies: only a superuser may create a function with a SET clause for a parameter that Postgres does not know.
CREATE FUNCTION remove_old_audit_entries(before timestamptz, at_most int) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
  removed int;
BEGIN
  PERFORM set_config('posthorn.audit_removal', 'on', true);
  DELETE FROM audit_entries
  WHERE id IN (SELECT id FROM (SELECT id, at FROM audit_entries ORDER BY id LIMIT at_most) AS oldest
               WHERE at < least(before, now() - interval '1 day'));
  GET DIAGNOSTICS removed = ROW_COUNT;
  PERFORM set_config('posthorn.audit_removal', 'off', true);
  RETURN removed;
END $$;

CREATE FUNCTION remove_excess_audit_entries(project text, of_consumers boolean, kept int, at_most int) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
  removed int;
BEGIN
  PERFORM set_config('posthorn.audit_removal', 'on', true);
  WITH newest_excess AS (
    SELECT id FROM audit_entries WHERE project_id = project AND (actor = 'consumer') = of_consumers
    ORDER BY id DESC OFFSET greatest(kept, 1000) LIMIT 1
  )
  DELETE FROM audit_entries
  WHERE id IN (SELECT entry.id FROM audit_entries entry, newest_excess
               WHERE entry.project_id = project AND (entry.actor = 'consumer') = of_consumers
                 AND entry.id <= newest_excess.id
               ORDER BY entry.id LIMIT at_most);
  GET DIAGNOSTICS removed = ROW_COUNT;
  PERFORM set_config('posthorn.audit_removal', 'off', true);
  RETURN removed;
END $$;
