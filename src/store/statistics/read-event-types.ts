import type { Queryable } from '../postgres/database.ts';
import type { TimelineWindow } from './read-timeline.ts';
import { type Span, scopeKey, type TenantScope } from './spans.ts';

/** The shortest span for which types are counted: those of a consumer by day, because each consumer has rows of its own. */
export const finestSpanOfTypes = (kind: TenantScope['kind']): Span => (kind === 'project' ? 5 : 1440);

/** The most types that are listed; the others have fewer events. */
const MAX_TYPES = 1_000;

// $7: a consumer that was created again does not see the figures of the one before it.
const COUNTED = `
  project_id = $1 AND span = $4 AND at >= $5 AND at < $6 AND ($7::timestamptz IS NULL OR at >= $7)`;

// In one statement: between two, more events could be counted.
const TYPES = `
  SELECT coalesce(json_agg(json_build_object('type', type, 'accepted', accepted) ORDER BY accepted DESC, type), '[]') AS items,
         (SELECT coalesce(sum(n), 0)::float8 FROM event_statistics WHERE ${COUNTED} AND scope = $3) AS accepted
  FROM (
    SELECT type, sum(n) AS accepted
    FROM event_statistics
    WHERE ${COUNTED} AND scope = $2
    GROUP BY type
    ORDER BY accepted DESC, type
    LIMIT ${MAX_TYPES}
  ) AS listed`;

export type AcceptedTypes = {
  items: { type: string; accepted: number }[];
  /** Events of all types. */
  accepted: number;
};

/** Returns how many events of each type a project has posted, or of a consumer were accepted, the most first. */
export async function readEventTypes(
  db: Queryable,
  projectId: string,
  scope: TenantScope,
  { from, to, span }: Omit<TimelineWindow, 'stepMinutes'>,
  since: Date | null,
): Promise<AcceptedTypes> {
  const ofTypes = scope.kind === 'project' ? 't' : `ct/${scope.id}`;
  const values = [projectId, ofTypes, scopeKey(scope), span, from, to, since];
  return (await db.query<AcceptedTypes>({ name: 'read-event-types', text: TYPES, values })).rows[0]!;
}
