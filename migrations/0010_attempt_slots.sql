-- How many attempts each worker may have under way: what is dispatched and not finished is held against the sum, or
-- under overload more would be started than can begin.
ALTER TABLE processes ADD COLUMN attempt_slots integer NOT NULL DEFAULT 0;
