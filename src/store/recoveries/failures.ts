import type { Outcome } from '../../policy/outcome.ts';
import { deliveryIdsBetween } from '../deliveries/delivery-lists.ts';
import type { Queryable } from '../postgres/database.ts';
import { type BulkFilter, fitsFilter } from './bulk-filter.ts';

/** Deliveries that need attention for the same reason. */
export type FailureGroup = {
  /** Null: the own targets of events. */
  endpoint: string | null;
  outcome: Outcome | null;
  statusCode: number | null;
  errorCode: string | null;
  state: 'retrying' | 'undeliverable';
  deliveries: number;
  events: number;
  firstAt: Date;
  lastAt: Date;
  nextAttemptAt: Date | null;
  /** The newest of the deliveries. */
  sample: string;
};

export type Failures = { items: FailureGroup[]; lookedAt: number; complete: boolean };

/** The most deliveries that are looked at, so that an outage of millions is described in about a second. */
const MAX_LOOKED_AT = 50_000;
const MAX_GROUPS = 1_000;

// A consumer's are read along an index of its own, so that those of others neither count nor take time.
const LOOKED = {
  project: 'd.project_id = $1',
  consumer: `d.project_id = $1 AND d.consumer = $4::jsonb->>'consumer' AND d.consumer IS NOT NULL`,
};

const failuresOf = (filter: BulkFilter): string => `
  WITH looked AS MATERIALIZED (
    SELECT d.id, d.project_id, d.event_id, d.endpoint_id, d.consumer, d.status, d.last_outcome, d.last_status_code,
           d.last_error_code, d.created_at, d.due_at
    FROM deliveries d
    WHERE ${LOOKED[filter.consumer === null ? 'project' : 'consumer']} AND d.needs_attention AND d.id >= $2 AND d.id < $3
    ORDER BY d.id DESC LIMIT ${MAX_LOOKED_AT}
  ), groups AS (
    SELECT d.endpoint_id, d.last_outcome, d.last_status_code, d.last_error_code, d.status, count(*)::int AS deliveries,
           count(DISTINCT d.event_id)::int AS events, min(d.created_at) AS first_at, max(d.created_at) AS last_at,
           min(d.due_at) AS next_attempt_at, max(d.id) AS sample
    FROM looked d
    WHERE ${fitsFilter(filter, '$4::jsonb')} AND ($5::text IS NULL OR d.status = $5)
    GROUP BY d.endpoint_id, d.last_outcome, d.last_status_code, d.last_error_code, d.status
    ORDER BY deliveries DESC, sample DESC LIMIT ${MAX_GROUPS} + 1
  )
  SELECT groups.endpoint_id AS endpoint, groups.last_outcome AS outcome, groups.last_status_code AS "statusCode",
         groups.last_error_code AS "errorCode", groups.status AS state, groups.deliveries, groups.events, groups.first_at AS "firstAt", groups.last_at AS "lastAt",
         groups.next_attempt_at AS "nextAttemptAt", groups.sample, counted.n AS "lookedAt"
  FROM (SELECT count(*)::int AS n FROM looked) AS counted LEFT JOIN groups ON true
  ORDER BY groups.deliveries DESC, groups.sample DESC`;

/** Groups the newest deliveries that need attention by endpoint, outcome, status code, error code and state, the largest group first. */
export async function findFailures(
  db: Queryable,
  projectId: string,
  filter: BulkFilter,
  state: FailureGroup['state'] | null,
): Promise<Failures> {
  const { since, until, eventsSince } = filter;
  // A consumer that was created again does not look at what its predecessor left.
  const ids = deliveryIdsBetween(eventsSince && eventsSince > since ? eventsSince : since, until);
  const { rows } = await db.query<FailureGroup & { lookedAt: number }>(failuresOf(filter), [
    projectId,
    ...ids,
    JSON.stringify(filter),
    state,
  ]);
  const lookedAt = rows[0]!.lookedAt;
  const items = rows.filter(({ sample }) => sample !== null).map(({ lookedAt: _, ...group }) => group);
  const complete = lookedAt < MAX_LOOKED_AT && items.length <= MAX_GROUPS;
  return { items: items.slice(0, MAX_GROUPS), lookedAt, complete };
}
