-- Signing in: an operator exchanges a key or a code for a cookie, a customer exchanges a portal link for a token. Postgres has
-- the SHA-256 of cookies, tokens, codes and links only.

ALTER TABLE api_keys
  ADD COLUMN access text NOT NULL DEFAULT 'full' CHECK (access IN ('full', 'read')),
  ADD COLUMN name text,
  -- Written at most every five minutes.
  ADD COLUMN last_used_at timestamptz;

CREATE TABLE sessions (
  hash bytea PRIMARY KEY,
  id text NOT NULL UNIQUE,
  kind text NOT NULL CHECK (kind IN ('admin', 'project', 'consumer')),
  project_id text REFERENCES projects (id),
  consumer text,
  access text NOT NULL CHECK (access IN ('full', 'read')),
  -- What a session of the portal may do; null: what a key of its kind may.
  capabilities text[],
  -- The key that the session came from, and ends with: the hash in api_keys or, of the admin key, a MAC. A session whose key
  -- does not exist is not valid, so that deleting a key needs no other statement. Null for a session of the portal.
  key_hash bytea,
  link_id text,
  theme jsonb,
  return_url text,
  refresh_url text,
  -- Ends so long after its last use, and at expires_at in any case.
  idle_seconds int NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  -- Written at most every five minutes.
  used_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  CHECK ((kind = 'admin') = (project_id IS NULL)),
  CHECK ((kind = 'consumer') = (consumer IS NOT NULL)),
  CHECK ((kind = 'consumer') = (key_hash IS NULL))
);
CREATE INDEX sessions_key ON sessions (key_hash) WHERE key_hash IS NOT NULL;
CREATE INDEX sessions_project ON sessions (project_id, consumer);
CREATE INDEX sessions_link ON sessions (link_id) WHERE link_id IS NOT NULL;
CREATE INDEX sessions_expiry ON sessions (expires_at);

-- A code signs in once, with the rights of the call that made it.
CREATE TABLE sign_in_codes (
  hash bytea PRIMARY KEY,
  kind text NOT NULL CHECK (kind IN ('admin', 'project')),
  project_id text REFERENCES projects (id),
  key_hash bytea NOT NULL,
  expires_at timestamptz NOT NULL,
  used_at timestamptz,
  CHECK ((kind = 'admin') = (project_id IS NULL))
);
CREATE INDEX sign_in_codes_project ON sign_in_codes (project_id);
CREATE INDEX sign_in_codes_expiry ON sign_in_codes (expires_at);

-- A link opens the portal once, as one consumer.
CREATE TABLE portal_links (
  id text PRIMARY KEY,
  hash bytea NOT NULL UNIQUE,
  project_id text NOT NULL REFERENCES projects (id),
  consumer text NOT NULL,
  capabilities text[] NOT NULL,
  theme jsonb,
  return_url text,
  refresh_url text,
  session_seconds int NOT NULL,
  expires_at timestamptz NOT NULL,
  used_at timestamptz
);
CREATE INDEX portal_links_consumer ON portal_links (project_id, consumer);
CREATE INDEX portal_links_expiry ON portal_links (expires_at);

-- The look of the portal, and who may show it in a frame; null: the defaults.
ALTER TABLE projects ADD COLUMN portal jsonb;

-- The session that made the call; null for a call with a key.
ALTER TABLE audit_entries ADD COLUMN session_id text;
