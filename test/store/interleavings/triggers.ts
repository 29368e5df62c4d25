import type pg from 'pg';

/** The process that makes half of the claims; the other claims are those of a process that is lost. */
export const ALIVE = 'prc_alive';

/** Triggers that reject what must never happen, and that count how often each event is settled. */
export async function installTriggers(pool: pg.Pool): Promise<void> {
  await pool.query(`
    CREATE FUNCTION keep_one_owner() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF OLD.owner IS NOT NULL AND NEW.owner IS NOT NULL AND OLD.owner <> NEW.owner
         -- No workflow carries what waits for a date.
         AND NEW.owner <> 'schedule'
         -- A failed attempt without a workflow passes the delivery on.
         AND NOT (starts_with(OLD.owner, 'express/') AND OLD.claimed_at IS NOT NULL AND NEW.claimed_at IS NULL
                  AND NEW.status = 'retrying' AND NEW.attempts = OLD.attempts + 1) THEN
        RAISE EXCEPTION 'delivery % went from % to % without a release', OLD.id, OLD.owner, NEW.owner;
      END IF;
      IF OLD.claimed_at IS NOT NULL AND NEW.claimed_at IS NOT NULL AND OLD.epoch <> NEW.epoch THEN
        RAISE EXCEPTION 'delivery % was claimed twice at once', OLD.id;
      END IF;
      -- A replay leaves its mark on the delivery that it repeats.
      IF OLD.status IN ('delivered', 'undeliverable', 'cancelled') AND NEW.replayed_by IS NOT DISTINCT FROM OLD.replayed_by THEN
        RAISE EXCEPTION 'delivery % changed although its status was final', OLD.id;
      END IF;
      RETURN NEW;
    END $$;
    CREATE TRIGGER keep_one_owner BEFORE UPDATE ON deliveries FOR EACH ROW EXECUTE FUNCTION keep_one_owner();
    CREATE FUNCTION keep_open_claims() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF NEW.outcome = 'unknown' AND EXISTS (SELECT FROM deliveries d WHERE d.id = NEW.delivery_id AND d.process_id = '${ALIVE}') THEN
        RAISE EXCEPTION 'a claim on % was written off although its process is alive', NEW.delivery_id;
      END IF;
      RETURN NEW;
    END $$;
    CREATE TRIGGER keep_open_claims BEFORE INSERT ON attempts FOR EACH ROW EXECUTE FUNCTION keep_open_claims();
    CREATE TABLE settlings (event_id text NOT NULL);
    CREATE FUNCTION record_settling() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      INSERT INTO settlings VALUES (NEW.id);
      RETURN NULL;
    END $$;
    CREATE TRIGGER record_settling AFTER UPDATE ON events FOR EACH ROW
      WHEN (OLD.open_count > 0 AND NEW.open_count = 0) EXECUTE FUNCTION record_settling()`);
}
