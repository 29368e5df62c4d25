-- A retry that is hours or days away waits in Postgres, owned by `schedule` instead of a workflow. Only such deliveries are in
-- this index. Without an owner they would be among the deliveries that wait for a workflow now, and each search for those
-- would pass over them.

CREATE INDEX deliveries_scheduled ON deliveries (due_at) WHERE owner = 'schedule' AND due_at IS NOT NULL;
