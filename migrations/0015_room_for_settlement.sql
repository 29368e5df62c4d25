-- Leaves half of each new page of `events` free. The events of a page are settled together, and each settlement writes a second
-- version of its row. With room for only one in six, the others went to another page: with a full copy of the row in the WAL
-- and an entry in every index.

ALTER TABLE events SET (fillfactor = 50);
