-- Listeners: endpoints whose requests go through a stream to a client, which forwards them, instead of to a URL.

CREATE TABLE listeners (
  endpoint_id text PRIMARY KEY REFERENCES endpoints (id) ON DELETE CASCADE,
  project_id text NOT NULL,
  consumer text,
  -- The stream that carries the requests; a newer one takes its place. Null: there has been none.
  connection text,
  -- Renewed while the stream is open. From then on the listener is offline.
  connected_until timestamptz,
  -- 24 hours after the end of the last stream. The endpoint is deleted then.
  expires_at timestamptz NOT NULL
);
CREATE INDEX listeners_project ON listeners (project_id, consumer);

-- Attempts under way to listeners: a worker stores the request and removes it with its response, or at the end of the attempt.
CREATE TABLE listener_requests (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  project_id text NOT NULL,
  consumer text,
  endpoint_id text NOT NULL,
  event_id text NOT NULL,
  delivery_id text NOT NULL,
  attempt integer NOT NULL,
  event_type text NOT NULL,
  url text NOT NULL,
  -- Sealed JSON: the endpoint's own headers are among them. Null once there is a response; so is the body.
  headers bytea,
  body bytea,
  ends_at timestamptz NOT NULL,
  -- Rises with each request that is sent, so it is the id of the event in the stream. Null: to be sent.
  sent_as bigint,
  -- JSON: what the client reported.
  response bytea
);
CREATE SEQUENCE listener_requests_sent;
CREATE INDEX listener_requests_endpoint ON listener_requests (endpoint_id, id);
CREATE INDEX listener_requests_project ON listener_requests (project_id, event_id);
