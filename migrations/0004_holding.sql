-- Endpoints stop and go on: by hand (status), and with the plan of their consumer (withheld). What is held for one
-- follows its state in small transactions of its own, which a death may cut short; so each change leaves a mark
-- (…_due), in its own transaction, and the mark goes when everything follows.

ALTER TABLE projects
  ADD COLUMN plans text[],            -- the override: plans whose consumers may use webhooks; null: as the profile says
  ADD COLUMN plans_in_force text[],   -- the override, or what the profile says; null: all
  ADD COLUMN plans_due timestamptz;   -- plans_in_force changed, and not every endpoint follows it yet

ALTER TABLE consumers
  ADD COLUMN plan_due timestamptz;    -- its plan changed, and not every endpoint of it follows yet
CREATE INDEX consumers_plan_due ON consumers (plan_due) WHERE plan_due IS NOT NULL;

ALTER TABLE endpoints
  ADD COLUMN withheld text CHECK (withheld IN ('plan')),  -- why it gets nothing although it is active
  ADD COLUMN review_due timestamptz;                      -- its state changed, and what is held for it may not follow yet
CREATE INDEX endpoints_review_due ON endpoints (review_due) WHERE review_due IS NOT NULL;

-- What is held for an endpoint. Only what is held has waiting_for, so that no other delivery is ever in it.
CREATE INDEX deliveries_held ON deliveries (endpoint_id, id) WHERE waiting_for IS NOT NULL;
