-- Compiling a schema holds the main thread for as long as it has parts, whenever a process meets it for the first time:
-- a project has a quota of them. What was put before counts nothing until it is put again.
ALTER TABLE event_types ADD COLUMN schema_size integer NOT NULL DEFAULT 0;
