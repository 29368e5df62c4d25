-- The first delivery of an event to an endpoint, if it was created later than the event: by a recovery of what is missing, or by
-- POST /v1/events/{id}/deliveries. The id of any other first delivery says when its event was created, so a list of the events to
-- an endpoint until some time begins at that id. Null for all other deliveries. What was created before this migration is
-- not marked, and is left out of such lists as before.
ALTER TABLE deliveries ADD COLUMN sent_later boolean;
