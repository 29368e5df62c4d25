-- An endpoint's own retry policy: the members of it that it sets, as JSON. Null, for most endpoints: the project's.

ALTER TABLE endpoints ADD COLUMN policy text;
