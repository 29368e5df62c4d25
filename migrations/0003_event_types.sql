-- The catalogue of a project: its own event types over those of its profile, and whether their schemas are enforced.
-- Schemas and examples are text, not jsonb: what was put is what is shown and sent, byte for byte.

ALTER TABLE projects
  ADD COLUMN schemas text NOT NULL DEFAULT 'enforced' CHECK (schemas IN ('enforced', 'off')),
  -- One more with every change of event_types: a process that remembers the catalogue sees by it that it must read again.
  ADD COLUMN catalogue_version integer NOT NULL DEFAULT 0;

CREATE TABLE event_types (
  project_id text NOT NULL REFERENCES projects (id),
  type text NOT NULL,
  description text NOT NULL,
  schema text,                        -- JSON; null: as the profile has it; 'null': none, whatever the profile has
  example text,                       -- JSON; null: as the profile has it
  example_attributes jsonb,           -- null: as the profile has them
  PRIMARY KEY (project_id, type)
);
