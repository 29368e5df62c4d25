import { MAX_DELIVERIES_RETURNED } from './accept/accept-result.ts';
import type { StoredEvent } from './event-reads.ts';

/** What a list of many events shows of each one: sizes and counts instead of data and deliveries. */
export type EventSummary = Omit<StoredEvent, 'data' | 'body'> & {
  /** The length of the request body. */
  bytes: number;
  settledAt: Date | null;
  openCount: number;
  deliveredCount: number;
  undeliverableCount: number;
  cancelledCount: number;
} & FailureCounts;

/** What became of failures so far. All four are null for an event with more than 100 deliveries, which are not read. */
type FailureCounts = {
  /** Of the open ones, those that have failed and are retried. */
  retryingCount: number | null;
  /** The earliest of their next attempts. */
  nextAttemptAt: Date | null;
  /** Of the undeliverable ones, those that were sent again. */
  resentCount: number | null;
  /** Of the undeliverable ones, those that were dismissed and not sent again. */
  dismissedCount: number | null;
};

export const SUMMARY_COLUMNS = `
  e.id, e.sequence::float8, e.type, e.consumer, e.status, e.test, e.created_at AS "createdAt",
  e.expires_at AS "expiresAt", e.attributes, e.target_url AS "targetUrl", e.delivery_count AS "deliveryCount",
  octet_length(e.body) AS bytes, e.settled_at AS "settledAt",
  e.open_count AS "openCount", e.delivered_count AS "deliveredCount", e.undeliverable_count AS "undeliverableCount",
  e.delivery_count - e.open_count - e.delivered_count - e.undeliverable_count AS "cancelledCount",
  failures."retryingCount", failures."nextAttemptAt", failures."resentCount", failures."dismissedCount"`;

/**
 * SQL: joins the FailureCounts of event `e`. Reads deliveries only of events that may have a failure, and not of those with
 * many: a page of 200 events reads at most 20,000. OFFSET 0 keeps Postgres from reading them along another index.
 */
export const JOIN_FAILURES = `
  LEFT JOIN LATERAL (
    SELECT count(*) FILTER (WHERE d.status = 'retrying')::int AS "retryingCount",
           min(d.due_at) FILTER (WHERE d.status = 'retrying') AS "nextAttemptAt",
           count(*) FILTER (WHERE d.status = 'undeliverable' AND d.replayed_by IS NOT NULL)::int AS "resentCount",
           count(*) FILTER (WHERE d.status = 'undeliverable' AND d.replayed_by IS NULL AND d.dismissed_at IS NOT NULL)::int
             AS "dismissedCount"
    FROM (
      SELECT status, due_at, replayed_by, dismissed_at FROM deliveries
      WHERE project_id = e.project_id AND event_id = e.id OFFSET 0
    ) AS d
    WHERE e.open_count + e.undeliverable_count > 0 AND e.delivery_count <= ${MAX_DELIVERIES_RETURNED}
  ) AS failures ON e.delivery_count <= ${MAX_DELIVERIES_RETURNED}`;
