import type { OperationalEventType } from '../outcomes/operational-events.ts';
import type { Queryable } from '../postgres/database.ts';

/** What is to be told to the owner of a project. */
export type WaitingEvent = {
  id: string;
  /** The hidden project with the operational endpoints; null if there is none, or if the event is about one of them. */
  operationalProject: string | null;
  type: OperationalEventType;
  /** JSON. */
  data: string;
  createdAt: Date;
};

// What concerns an operational endpoint itself has a hidden project as its project, which has no such project of its own.
const WAITING = `
  SELECT event.id, event.type, event.data::text AS data, event.created_at AS "createdAt",
         operational.id AS "operationalProject"
  FROM operational_events event
  LEFT JOIN projects operational ON operational.operational_of = event.project_id AND operational.deleted_at IS NULL
  WHERE event.handed_over_at IS NULL AND event.id <> ALL ($2::text[])
  ORDER BY event.created_at, event.id
  LIMIT $1`;

/** Returns the events that have waited longest to be handed to the engine, without those with the ids `except`. */
export async function waitingEvents(db: Queryable, except: string[], limit: number): Promise<WaitingEvent[]> {
  return (await db.query<WaitingEvent>(WAITING, [limit, except])).rows;
}

const HANDED_OVER = `UPDATE operational_events SET handed_over_at = clock_timestamp() WHERE id = ANY ($1::text[])`;

export async function markHandedOver(db: Queryable, ids: string[]): Promise<void> {
  await db.query(HANDED_OVER, [ids]);
}
