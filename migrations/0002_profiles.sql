-- Profiles that a project brings for itself, and that the operator brings for all projects. A row is never changed or
-- removed: an event is retried under the version that it was accepted under. The source is text, because jsonb would
-- reorder the members of a body.
CREATE TABLE profiles (
  scope text NOT NULL,                -- the project whose own it is; '' is shared with all
  name text NOT NULL,
  version integer NOT NULL,           -- 1, 2, … of this scope and name
  title text NOT NULL,
  event_types text[] NOT NULL,        -- the names in its catalogue, for the list
  plans text[],                       -- as the source says them; null: all
  source text NOT NULL,               -- JSON, as it was put and found valid
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (scope, name, version)
);
