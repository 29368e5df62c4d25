-- Columns, constraints and indexes get the names that an engineer who knows webhooks and Postgres would expect.
-- Nothing is released yet, so processes of the previous version need not keep working after this migration.

-- Why an active endpoint receives nothing, and when what is held for an endpoint must be brought in line with its state.
ALTER TABLE endpoints RENAME COLUMN withheld TO suspended;
ALTER TABLE endpoints RENAME CONSTRAINT endpoints_withheld_check TO endpoints_suspended_check;
ALTER TABLE endpoints RENAME COLUMN review_due TO resync_due_at;
ALTER INDEX endpoints_review_due RENAME TO endpoints_resync_due_at;
ALTER TABLE projects RENAME COLUMN plans_due TO plans_apply_due_at;
ALTER TABLE consumers RENAME COLUMN plan_due TO plan_apply_due_at;
ALTER INDEX consumers_plan_due RENAME TO consumers_plan_apply_due_at;

ALTER TABLE endpoints RENAME COLUMN swept_at TO deletion_completed_at;
ALTER INDEX endpoints_unswept RENAME TO endpoints_deletion_incomplete;
ALTER INDEX endpoints_ever RENAME TO endpoints_consumer_with_deleted;

ALTER TABLE processes RENAME COLUMN seen_at TO last_heartbeat_at;
ALTER TABLE processes RENAME COLUMN steady_since TO heartbeats_continuous_since;
ALTER TABLE processes RENAME COLUMN gone_at TO lost_at;

ALTER TABLE deliveries RENAME CONSTRAINT deliveries_check TO deliveries_due_at_check;
ALTER INDEX deliveries_exceptions RENAME TO deliveries_status_newest;
ALTER INDEX deliveries_owned RENAME TO deliveries_assigned;
ALTER INDEX deliveries_waiting RENAME TO deliveries_unassigned;
ALTER INDEX deliveries_waiting_slow RENAME TO deliveries_unassigned_slow;

-- A delivery that is attempted in a workflow of its own, because an attempt with others around it may have ended them all.
ALTER TABLE deliveries DROP CONSTRAINT deliveries_lane_check;
UPDATE deliveries SET lane = 'isolated' WHERE lane = 'alone';
ALTER TABLE deliveries ADD CONSTRAINT deliveries_lane_check CHECK (lane IN ('fast', 'slow', 'isolated'));
