import type pg from 'pg';

// All stored times that decide when something of the project happens. Final deliveries have none.
const PASS = `
  WITH passed AS (SELECT $2 * interval '1 millisecond' AS ms), of_deliveries AS (
    UPDATE deliveries SET due_at = due_at - ms, permitted_at = permitted_at - ms, claimed_at = claimed_at - ms,
                          expires_at = expires_at - ms
    FROM passed WHERE project_id = $1 AND status IN ('pending', 'retrying', 'held')
  ), of_events AS (
    UPDATE events SET expires_at = expires_at - ms FROM passed WHERE project_id = $1 AND expires_at IS NOT NULL
  ), of_failures AS (
    UPDATE receiver_failures SET first_failure_at = first_failure_at - ms, last_failure_at = last_failure_at - ms
    FROM passed WHERE project_id = $1
  )
  UPDATE receiver_gates SET not_before = not_before - ms, next_start_at = next_start_at - ms, closed_at = closed_at - ms,
                            spacing_changed_at = spacing_changed_at - ms
  FROM passed WHERE project_id = $1`;

/** The time of a project, in milliseconds. It passes by itself, and faster by moving all stored times into the past. */
export type ProjectTime = {
  now(): number;
  pass(ms: number): Promise<void>;
  /** A time of the project as Postgres would have stored it. */
  stored(time: number): Date;
  /** The other way round. */
  read(stored: Date): number;
};

export function projectTime(pool: pg.Pool, project: string): ProjectTime {
  let ahead = 0;
  return {
    now: () => Date.now() + ahead,
    async pass(ms) {
      await pool.query(PASS, [project, ms]);
      ahead += ms;
    },
    stored: (time) => new Date(time - ahead),
    read: (stored) => stored.getTime() + ahead,
  };
}
