import { tellOwner } from '../../outcomes/operational-events.ts';

/** SQL: what the owner is told about the failures of a receiver. `f`: its row of receiver_failures. */
export const failureData = (f: string, consumer: string): string => `
  jsonb_build_object('endpoint', ${f}.receiver, 'consumer', ${consumer}, 'failures', ${f}.failures,
                     'firstFailureAt', ${f}.first_failure_at, 'lastFailureAt', ${f}.last_failure_at)`;

/**
 * SQL: the last parts of a WITH that has `transition`, with the columns receiver and outcome, and RECORD_TRANSITIONS. A
 * success ends the failures in a row, in the statement that records it: a receiver must not be disabled because a process
 * died in between. If the owner was warned of the failures, it is told of the end. Events are locked first (`counted`), as
 * where failures are counted; two recorders could deadlock otherwise.
 */
export const RECOVERED = `
  recovered AS (
    DELETE FROM receiver_failures
    WHERE receiver = ANY (ARRAY(SELECT receiver FROM transition WHERE outcome = 'delivered'))
      AND (SELECT count(*) FROM counted) >= 0
    RETURNING receiver, project_id, failures, first_failure_at, last_failure_at, warnings
  ), recovery AS (
    SELECT r.project_id, ${failureData('r', '(SELECT e.consumer FROM endpoints e WHERE e.id = r.receiver)')} AS data
    FROM recovered r WHERE r.warnings > 0
  ), told_recovery AS (
    ${tellOwner('endpoint.recovered', 'recovery')}
  )`;
