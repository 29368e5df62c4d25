import type pg from 'pg';
import { LEAST_SPAN } from '../../../policy/failure-rules.ts';
import { tellOwner } from '../../outcomes/operational-events.ts';
import { failureRule, hasFailureRule } from './failure-rules-sql.ts';
import { failureData } from './recovery.ts';

/** Endpoints in one transaction. */
const BATCH = 200;

// The time counts, not only the failures: after the last retry of a delivery nothing may be sent for hours.
const isDue = (rule: 'warnAfter' | 'warnAgainAfter' | 'disableAfter'): string => `
  (${hasFailureRule('project', rule)} AND f.first_failure_at <= now() - ${failureRule('project', rule)}
   AND f.last_failure_at - f.first_failure_at >= ${failureRule('project', rule)} * ${LEAST_SPAN})`;

// A target has no endpoint, so nobody could be warned of it. What is paused or suspended is not sent anything. The pattern
// names the partial index, because the origins that events name may be many.
const FAILING_ENDPOINTS = `
  FROM receiver_failures f
  JOIN endpoints endpoint ON endpoint.id = f.receiver AND endpoint.status = 'active' AND endpoint.suspended IS NULL
   AND f.receiver LIKE 'ep\\_%'
  JOIN projects project ON project.id = f.project_id`;

// Two processes may do this at the same time: each locks other rows, and a success that is being recorded is waited for by
// the next pass.
const WARN = `
  WITH due AS (
    SELECT f.receiver, endpoint.consumer,
           CASE WHEN ${isDue('warnAgainAfter')} THEN 2 WHEN ${isDue('warnAfter')} THEN 1 ELSE 0 END AS warnings
    ${FAILING_ENDPOINTS}
    WHERE f.warnings < 2 AND (${isDue('warnAgainAfter')} OR f.warnings < 1 AND ${isDue('warnAfter')})
    ORDER BY f.receiver LIMIT ${BATCH}
    FOR UPDATE OF f SKIP LOCKED
  ), warned AS (
    UPDATE receiver_failures f SET warnings = due.warnings
    FROM due WHERE f.receiver = due.receiver
    RETURNING f.project_id, ${failureData('f', 'due.consumer')} AS data
  ), told AS (
    ${tellOwner('endpoint.failing', 'warned')}
  )
  SELECT count(*)::int AS n FROM warned`;

/** Warns the projects of up to 200 endpoints that only fail, once for each rule. Returns how many were warned. */
export async function warnOfFailing(pool: pg.Pool): Promise<number> {
  return (await pool.query<{ n: number }>(WARN)).rows[0]!.n;
}

// Endpoints are locked before their failures, as in every transaction, and both are checked again once they are locked.
const DISABLE = `
  WITH candidate AS (
    SELECT f.receiver ${FAILING_ENDPOINTS} WHERE ${isDue('disableAfter')} ORDER BY f.receiver LIMIT ${BATCH}
  ), locked AS (
    SELECT endpoint.id FROM endpoints endpoint
    WHERE endpoint.id IN (SELECT receiver FROM candidate) AND endpoint.status = 'active' AND endpoint.suspended IS NULL
    ORDER BY endpoint.id FOR NO KEY UPDATE SKIP LOCKED
  ), due AS (
    SELECT f.* FROM receiver_failures f
    JOIN locked ON locked.id = f.receiver
    JOIN projects project ON project.id = f.project_id
    WHERE ${isDue('disableAfter')}
    FOR UPDATE OF f SKIP LOCKED
  ), disabled AS (
    UPDATE endpoints endpoint SET status = 'disabled', disabled_reason = 'failing', updated_at = now()
    FROM due WHERE endpoint.id = due.receiver
    RETURNING endpoint.id, endpoint.project_id,
              ${failureData('due', 'endpoint.consumer')} || jsonb_build_object('reason', 'failing') AS data
  ), told AS (
    ${tellOwner('endpoint.disabled', 'disabled')}
  )
  SELECT id FROM disabled`;

/** Disables up to 200 endpoints that have only failed for as long as their project allows. Returns their ids. */
export async function disableFailing(pool: pg.Pool): Promise<string[]> {
  return (await pool.query<{ id: string }>(DISABLE)).rows.map(({ id }) => id);
}
