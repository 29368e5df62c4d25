-- outside a transaction
-- With the column of 0039: the few deliveries that a list until some time reads besides those with lower ids.
CREATE INDEX CONCURRENTLY IF NOT EXISTS deliveries_sent_later ON deliveries (endpoint_id, id) WHERE sent_later;
