import { EVENT_DATA } from '../events/event-bytes.ts';
import type { Queryable } from '../postgres/database.ts';
import { exactTime } from '../postgres/pages.ts';

/** What a filter is evaluated over. */
export type FilteredEvent = { type: string; attributes: Record<string, string>; data: Buffer };

/** Whether an event matches the filter of an endpoint, which is canonical JSON. */
export type MatchesFilter = (projectId: string, filter: string, event: FilteredEvent) => Promise<boolean>;

/** The transaction holds a connection and the locks of the endpoint, and streams of outcomes wait for it to end. */
const EVALUATE_FOR_MS = 500;

// One at a time: 500 events of 1 MB would be in memory together.
const READ = `
  SELECT type, attributes, ${EVENT_DATA} AS data, ${exactTime('e.created_at')} || ' ' || e.id AS position
  FROM events e WHERE project_id = $1 AND id = $2`;

/**
 * Returns those of the events that match the filter. If the time is up before the last one, `position` is where to go on;
 * at least one is evaluated.
 */
export async function matchingEvents(
  db: Queryable,
  projectId: string,
  filter: string,
  ids: string[],
  matches: MatchesFilter,
): Promise<{ ids: string[]; evaluated: number; position: string | null }> {
  const until = performance.now() + EVALUATE_FOR_MS;
  const matching: string[] = [];
  for (const [index, id] of ids.entries()) {
    const { rows } = await db.query<FilteredEvent & { position: string }>(READ, [projectId, id]);
    const event = rows[0];
    if (event && (await matches(projectId, filter, event))) matching.push(id);
    if (event && performance.now() >= until && index < ids.length - 1)
      return { ids: matching, evaluated: index + 1, position: event.position };
  }
  return { ids: matching, evaluated: ids.length, position: null };
}
