-- Which process has what in hand. A process that ends without saying so is found by its silence, in seconds: what it
-- had assigned and not started goes on, and what it had claimed is written off then, and not before. And one process at
-- a time reconciles: a lease, because a session's advisory lock outlives a leader that is cut off, and because a pooler
-- in transaction mode keeps no session.

CREATE TABLE processes (
  id           text PRIMARY KEY,
  role         text NOT NULL,         -- api, worker, or start for both in one
  host         text NOT NULL,
  pid          integer NOT NULL,      -- of the process, on its host
  backend_pid  integer NOT NULL,      -- of the server process that took its last heartbeat
  started_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
  seen_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
  steady_since timestamptz NOT NULL DEFAULT clock_timestamp(),  -- its heartbeats have had no gap since then
  gone_at      timestamptz            -- when another process found that it is gone
) WITH (fillfactor = 50);             -- a heartbeat a second, each a HOT update

CREATE TABLE leases (
  name       text PRIMARY KEY,
  holder     text NOT NULL,           -- a process
  expires_at timestamptz NOT NULL
) WITH (fillfactor = 50);

-- The process that assigned a delivery to its workflow, and from its claim on the one that made the claim. In no index:
-- claims are HOT updates.
ALTER TABLE deliveries ADD COLUMN process_id text;
