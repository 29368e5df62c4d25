import type { Queryable } from '../postgres/database.ts';
import type { Scope } from '../scope.ts';
import { EVENT_ATTRIBUTE_BYTES, EVENT_DATA, EVENT_DATA_BYTES } from './event-bytes.ts';

export type RecentEvent = {
  id: string;
  type: string;
  createdAt: Date;
  attributes: Record<string, string>;
  data: Buffer;
};

/** Events that are looked at, and the most bytes of data and attributes that are returned. */
const MAX_SCANNED = 1_000;
const MAX_BYTES = 4 * 1024 * 1024;

const recent = (ofAudience: string): string => `
  WITH scanned AS (
    SELECT e.* FROM events e
    WHERE e.project_id = $1 AND ${ofAudience} AND e.created_at >= coalesce($5::timestamptz, '-infinity')
    ORDER BY e.created_at DESC, e.id DESC LIMIT ${MAX_SCANNED}
  ), subscribed AS (
    SELECT e.* FROM scanned e
    WHERE e.consumer IS NOT DISTINCT FROM $2 AND e.target_url IS NULL AND NOT e.test
      AND EXISTS (SELECT FROM unnest($3::text[]) AS pattern
                  WHERE pattern IN ('*', e.type) OR right(pattern, 2) = '.*' AND starts_with(e.type, left(pattern, -1)))
    ORDER BY e.created_at DESC, e.id DESC LIMIT $4
  ), measured AS (
    SELECT e.*, sum(${EVENT_DATA_BYTES} + ${EVENT_ATTRIBUTE_BYTES}) OVER (ORDER BY e.created_at DESC, e.id DESC) AS bytes
    FROM subscribed e
  )
  SELECT e.id, e.type, e.created_at AS "createdAt", e.attributes, ${EVENT_DATA} AS data
  FROM measured e WHERE bytes <= ${MAX_BYTES}
  ORDER BY e.created_at DESC, e.id DESC`;

const OF_CONSUMER = recent('e.consumer = $2');
// The index by time has no consumer, so the newest events of the project are looked at.
const WITHOUT_CONSUMER = recent('true');

/** The newest events that an endpoint subscribes to, among the newest 1,000 of its consumer, or of the project if it has none. */
export async function recentEventsOf(
  db: Queryable,
  { projectId, since = null }: Scope,
  { consumer, events }: { consumer: string | null; events: string[] },
  limit: number,
): Promise<RecentEvent[]> {
  const { rows } = await db.query<RecentEvent>(consumer === null ? WITHOUT_CONSUMER : OF_CONSUMER, [
    projectId,
    consumer,
    events,
    limit,
    since,
  ]);
  return rows;
}
