import type pg from 'pg';
import type { Lane } from '../../policy/outcome.ts';
import { insertForEvents } from '../deliveries/insert-for-events.ts';
import { policyForEndpoint } from '../events/accept/endpoint-policies.ts';
import { newId } from '../postgres/ids.ts';
import { isMissing } from './missing-events.ts';

/** Served after live traffic: the queue of restricted receivers has slots of its own, and only so many for each receiver. */
const RECOVERY_LANE: Lane = 'restricted';

/** How the new deliveries of a page are spread over time: the first at `startAt`, then one every `everyMs`. */
export type Spread = { startAt: Date; everyMs: number };

// Deleting an endpoint waits for this lock, so no deleted endpoint gets a delivery.
const LOCK_ENDPOINTS = `
  SELECT id, policy, filter FROM endpoints WHERE id = ANY ($1::text[]) AND status <> 'deleted' ORDER BY id FOR KEY SHARE`;

/** An endpoint that is locked, with the members of the retry policy that it sets, and its filter. */
export type LockedEndpoint = { id: string; policy: string | null; filter: string | null };

/** Locks the endpoints that exist, before deliveries and events, as every transaction does. */
export async function lockEndpoints(
  client: pg.PoolClient,
  ids: readonly (string | null)[],
): Promise<LockedEndpoint[]> {
  const distinct = [...new Set(ids.filter((id) => id !== null))];
  return (await client.query<LockedEndpoint>(LOCK_ENDPOINTS, [distinct])).rows;
}

const INSERT_COPIES = `${insertForEvents({
  ...{ project: '$1', lane: `'${RECOVERY_LANE}'`, recovery: '$6', createdAt: '$7' },
  dueAt: `$4::timestamptz + (copy.n - 1) * $5::float8 * interval '1 millisecond'`,
})}
  SELECT count(*)::int AS n FROM inserted`;

// Who sets replayed_by first makes the copy: the lock waits for another one, and then its row no longer fits.
const REPLAY = `
  WITH locked AS MATERIALIZED (
    SELECT d.* FROM deliveries d
    WHERE d.project_id = $1 AND d.id = ANY ($2::text[]) AND d.status IN ('undeliverable', 'cancelled')
      AND d.replayed_by IS NULL AND coalesce(d.expires_at > now(), true)
      AND (d.endpoint_id IS NULL OR d.endpoint_id = ANY ($8::text[]))
    ORDER BY d.id FOR UPDATE
  ), locked_event AS MATERIALIZED (
    SELECT e.id FROM events e
    WHERE e.project_id = $1 AND e.id IN (SELECT event_id FROM locked) AND e.payload_removed_at IS NULL
    ORDER BY e.id FOR UPDATE OF e
  ), copy AS MATERIALIZED (
    SELECT locked.event_id, locked.endpoint_id, locked.receiver, locked.consumer, locked.policy, locked.test,
           locked.id AS replay_of, locked.sequence, locked.expires_at, new_id.id AS new_id, new_id.n
    FROM (SELECT locked.*, row_number() OVER (ORDER BY locked.id) AS nth FROM locked
          JOIN locked_event ON locked_event.id = locked.event_id) AS locked
    JOIN unnest($3::text[]) WITH ORDINALITY AS new_id (id, n) ON new_id.n = locked.nth
  ), replayed AS (
    UPDATE deliveries d SET replayed_by = copy.new_id FROM copy WHERE d.id = copy.replay_of
  ), ${INSERT_COPIES}`;

const LOCK_EVENTS = `
  SELECT id FROM events WHERE project_id = $1 AND id = ANY ($2::text[]) ORDER BY id FOR UPDATE`;

// A statement of its own after the lock, so that it sees what another transaction has sent meanwhile.
const SEND_MISSING = `
  WITH locked AS MATERIALIZED (
    SELECT e.id AS event_id, e.consumer, e.test, e.sequence, e.expires_at, endpoint.id AS endpoint_id, endpoint.id AS receiver,
           $8::text AS policy, NULL AS replay_of, row_number() OVER (ORDER BY e.created_at, e.id) AS nth
    FROM events e JOIN endpoints endpoint ON endpoint.id = $9
    WHERE e.project_id = $1 AND e.id = ANY ($2::text[]) AND e.payload_removed_at IS NULL
      AND ${isMissing('endpoint')}
  ), copy AS MATERIALIZED (
    SELECT locked.*, new_id.id AS new_id, new_id.n
    FROM locked JOIN unnest($3::text[]) WITH ORDINALITY AS new_id (id, n) ON new_id.n = locked.nth
  ), ${INSERT_COPIES}`;

type Page = {
  projectId: string;
  jobId: string;
  ids: string[];
  endpoints: LockedEndpoint[];
  spread: Spread;
  now: Date;
};

const valuesOf = ({ projectId, jobId, ids, spread, now }: Page): unknown[] => [
  projectId,
  ids,
  // Rising, so that the copies of a page are listed in the order in which they are sent.
  ids.map(() => newId('dlv', now.getTime())).sort(),
  spread.startAt,
  spread.everyMs,
  jobId,
  now,
];

/** Sends these deliveries again, each once. Returns how many; the others are replayed, or their endpoint or the payload of their event is gone. */
export async function replayDeliveries(client: pg.PoolClient, page: Page): Promise<number> {
  const { rows } = await client.query<{ n: number }>(REPLAY, [
    ...valuesOf(page),
    page.endpoints.map(({ id }) => id),
  ]);
  return rows[0]!.n;
}

/**
 * Sends these events to the endpoint, if they are still missing there. Returns how many. `policy`: the retry policy of the
 * project, of which the endpoint may replace members.
 */
export async function sendMissing(client: pg.PoolClient, page: Page & { policy: string }): Promise<number> {
  const [endpoint] = page.endpoints;
  if (!endpoint) return 0;
  await client.query(LOCK_EVENTS, [page.projectId, page.ids]);
  const values = [...valuesOf(page), policyForEndpoint(page.policy, endpoint.policy), endpoint.id];
  const { rows } = await client.query<{ n: number }>(SEND_MISSING, values);
  return rows[0]!.n;
}
