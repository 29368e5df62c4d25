-- The client credentials with which access tokens for an endpoint are requested (OAuth 2), sealed as one text: a change of the URL
-- of the token server and of the secret is one change. Almost no endpoint has any; without them its row stays as it was.

ALTER TABLE endpoints
  ADD COLUMN oauth bytea;
