-- A Bloom filter of the type and the attributes of an event (src/store/events/search-bits.ts). Null for events that were stored
-- without it: a search reads these, as before, until retention removes them.
ALTER TABLE events ADD COLUMN search_bits bigint;
