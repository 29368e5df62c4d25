-- What the tracing systems of the caller pass along with `traceparent`, in the form of the header `tracestate` (W3C Trace
-- Context), at most 512 characters. Null unless traces are exported or the headers are sent on.
ALTER TABLE events ADD COLUMN tracestate text;
