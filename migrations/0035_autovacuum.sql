-- When the tables that grow with each delivery are vacuumed. By default that is when a fifth of their rows are dead. Retention
-- deletes at the old end what is inserted at the new one, so a fifth of a table, and more of its indexes, would be dead rows
-- that wait for a vacuum: with 100 GB, 20 GB. With 2 % it is a tenth of that. The indexes are read once for each vacuum, however
-- few rows it removes, so it is not less. The thresholds keep small tables from being vacuumed at every visit, because every
-- delivery is updated two or three times.
-- By default, a table that is only inserted into is vacuumed when it has grown by a fifth. With a twentieth, rows are frozen in
-- smaller pieces while they are still in memory, and not all at once when transaction ids run out.

ALTER TABLE events SET (
  autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 10000,
  autovacuum_vacuum_insert_scale_factor = 0.05, autovacuum_vacuum_insert_threshold = 100000
);
ALTER TABLE deliveries SET (
  autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 10000,
  autovacuum_vacuum_insert_scale_factor = 0.05, autovacuum_vacuum_insert_threshold = 100000
);
ALTER TABLE attempts SET (
  autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 10000,
  autovacuum_vacuum_insert_scale_factor = 0.05, autovacuum_vacuum_insert_threshold = 100000
);
ALTER TABLE outcomes SET (
  autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 10000,
  autovacuum_vacuum_insert_scale_factor = 0.05, autovacuum_vacuum_insert_threshold = 100000
);
