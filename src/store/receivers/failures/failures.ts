import type pg from 'pg';
import {
  COOL_DOWN_FAILURES,
  FORGET_TARGET_AFTER_MS,
  MAX_PROBE_EVERY,
} from '../../../policy/failure-rules.ts';
import { failureRule, hasFailureRule } from './failure-rules-sql.ts';

/** Failures of one receiver that are recorded together. */
export type FailedReceiver = {
  receiver: string;
  projectId: string;
  failures: number;
  /** Whether the profile lets the receiver cool down. */
  coolsDown: boolean;
};

// The time of the statement, not of the attempts: a success that was recorded in between has removed the row, and the new
// row must not begin before it. Rows are locked in the order of receivers.
const COUNT = `
  WITH failed AS (
    SELECT * FROM unnest($1::text[], $2::text[], $3::int[], $4::boolean[]) AS f (receiver, project_id, failures, cools_down)
  ), counted AS (
    INSERT INTO receiver_failures AS known (receiver, project_id, failures, first_failure_at, last_failure_at)
    SELECT receiver, project_id, failures, clock.at, clock.at
    FROM failed CROSS JOIN (SELECT clock_timestamp() AS at) AS clock
    ORDER BY receiver
    ON CONFLICT (receiver) DO UPDATE
    SET failures = known.failures + excluded.failures,
        last_failure_at = greatest(known.last_failure_at, excluded.last_failure_at)
    RETURNING receiver, project_id, failures, first_failure_at, last_failure_at
  )
  SELECT counted.receiver,
         (least(extract(epoch FROM ${failureRule('project', 'probeEvery')}), ${MAX_PROBE_EVERY}) * 1000)::int AS "probeInMs"
  FROM counted
  JOIN failed USING (receiver)
  JOIN projects project ON project.id = counted.project_id
  WHERE failed.cools_down AND counted.failures >= ${COOL_DOWN_FAILURES}
    AND ${hasFailureRule('project', 'coolDownAfter')} AND ${hasFailureRule('project', 'probeEvery')}
    AND counted.last_failure_at - counted.first_failure_at >= ${failureRule('project', 'coolDownAfter')}`;

/** A receiver that has failed so often that it has to cool down, if it does not already. */
export type Exhausted = { receiver: string; probeInMs: number };

/** Adds failures to the receivers' counts of failures in a row. Runs in the transaction that records the attempts. */
export async function countFailures(client: pg.PoolClient, failed: FailedReceiver[]): Promise<Exhausted[]> {
  const { rows } = await client.query<Exhausted>({
    name: 'count-failures',
    text: COUNT,
    values: [
      failed.map(({ receiver }) => receiver),
      failed.map(({ projectId }) => projectId),
      failed.map(({ failures }) => failures),
      failed.map(({ coolsDown }) => coolsDown),
    ],
  });
  return rows;
}

// Events can name any number of targets, and each origin that fails has a row.
const REMOVE_OLD = `
  DELETE FROM receiver_failures
  WHERE last_failure_at < $1
     OR receiver NOT LIKE 'ep\\_%' AND last_failure_at < now() - interval '${FORGET_TARGET_AFTER_MS} milliseconds'`;

/** Removes the counts of receivers to which nothing was sent since `before`; those of targets after an hour. Returns how many. */
export async function removeOldFailures(pool: pg.Pool, before: Date): Promise<number> {
  return (await pool.query(REMOVE_OLD, [before])).rowCount ?? 0;
}
