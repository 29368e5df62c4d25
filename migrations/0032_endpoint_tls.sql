-- The client certificate of an endpoint and the authorities that it trusts, each sealed. Almost no endpoint has any: without
-- one, its row stays as it was, and the statements of attempts read only that the columns are null.

ALTER TABLE endpoints
  ADD COLUMN tls_certificate bytea,
  ADD COLUMN tls_key bytea,
  ADD COLUMN tls_authorities bytea;
