-- Lets a registration be repeated without creating a second endpoint or key.
--
-- `uid` is the caller's own name for an endpoint. Each consumer has its own names: if they were unique in the project, a
-- consumer could learn which names others use, and could take them.

ALTER TABLE endpoints ADD COLUMN uid text;

CREATE UNIQUE INDEX endpoints_uid ON endpoints (project_id, (coalesce(consumer, '')), uid)
  WHERE uid IS NOT NULL AND status <> 'deleted';

-- What a call with an Idempotency-Key returned. A row is committed together with what the call created, and is forgotten
-- after 24 hours. `consumer` is the consumer whose key made the call, '' for the project.
CREATE TABLE idempotency_keys (
  project_id text NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
  consumer text NOT NULL,
  key_hash bytea NOT NULL,
  -- An HMAC, because the content may include a secret that could be guessed from a plain hash.
  request_mac bytea NOT NULL,
  -- Sealed, because it may include a secret. Null only within the transaction.
  response bytea,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (project_id, consumer, key_hash)
);

CREATE INDEX idempotency_keys_oldest ON idempotency_keys (created_at);
