-- Which consumer the response to an idempotent call is about, whoever made the call: it ends with the erasure of the consumer.
-- Calls of before have none; they end after 24 hours.

ALTER TABLE idempotency_keys ADD COLUMN about text;
