-- The trace to which the attempts of an event belong, in the form of the header `traceparent` (W3C Trace Context). Null
-- unless traces are exported or the header is sent on, so that an event takes no more space otherwise.
ALTER TABLE events ADD COLUMN traceparent text;
