-- The code of the error of a delivery's last attempt, such as ECONNREFUSED: failures with the same outcome have different
-- causes. In no index, so that records of deliveries remain HOT updates. Null for deliveries that failed before.

ALTER TABLE deliveries ADD COLUMN last_error_code text;
