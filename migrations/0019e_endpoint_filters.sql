-- A JSON Schema over {type, attributes, data} that an event must match to be sent to the endpoint. Canonical JSON, so that equal
-- filters are evaluated once. Null, for most endpoints: all events that it subscribes to.

ALTER TABLE endpoints ADD COLUMN filter text;

CREATE INDEX endpoints_filtered ON endpoints (project_id, consumer) WHERE filter IS NOT NULL AND status <> 'deleted';
