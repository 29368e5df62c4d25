-- The index of 0041 becomes that of the primary key. Postgres renames it.
ALTER TABLE events DROP CONSTRAINT events_pkey, ADD CONSTRAINT events_pkey PRIMARY KEY USING INDEX events_key;
