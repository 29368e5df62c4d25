-- When an event expires: no request for it starts from then on. Deliveries have it too, so that those that are open then are
-- found by an index of their own, whatever they wait for. Events that never expire are not in it.

ALTER TABLE events ADD COLUMN expires_at timestamptz;
ALTER TABLE deliveries ADD COLUMN expires_at timestamptz;

CREATE INDEX deliveries_expiring ON deliveries (expires_at)
  WHERE expires_at IS NOT NULL AND status = ANY (ARRAY['pending'::text, 'retrying'::text, 'held'::text]);
