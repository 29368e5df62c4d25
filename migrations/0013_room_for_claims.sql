-- Leaves half of each new page of `deliveries` free. A claim writes a second version of each row of its batch at once; on a
-- full page that version goes to another page and needs an entry in every index. Existing pages keep their room until vacuum
-- reuses them.

ALTER TABLE deliveries SET (fillfactor = 50);
