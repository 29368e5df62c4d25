import type pg from 'pg';
import { removeSettled } from '../events/retention.ts';
import { operationalEventId, operationalProjectOf } from '../operational/operational-project.ts';
import { inTransaction, type Queryable } from '../postgres/database.ts';
import { noteWorkflows } from './erase-events.ts';
import type { RunningErasure } from './running-erasures.ts';

/*
 * What the owner of a project was told about a consumer's endpoints: rows of operational_events, and the events of the
 * project's hidden project that have been made of them.
 */

/** Reports that one step looks at. */
const BATCH = 200;

// One about a deleted endpoint may have been written after the consumer was closed.
const OF_CONSUMER = `
  project_id = $1 AND data->>'consumer' = $2
  AND (created_at < $3 OR data->>'endpoint' IN (
    SELECT id FROM endpoints WHERE project_id = $1 AND consumer = $2 AND status = 'deleted' AND created_at < $3))`;

// Nobody hands over what is marked. A hand-over that was under way has ended some seconds later.
const MARK = `UPDATE operational_events SET handed_over_at = clock_timestamp() WHERE handed_over_at IS NULL AND ${OF_CONSUMER}`;

const NEXT = `
  SELECT id, handed_over_at < clock_timestamp() - $4 * interval '1 millisecond' AS "isHandedOver"
  FROM operational_events WHERE ${OF_CONSUMER} ORDER BY id LIMIT ${BATCH}`;

export type Reports = {
  /** Of the reports that are handed over. */
  ids: string[];
  /** The project of their events. */
  operationalProject: string;
  eventIds: string[];
  /** How many there are, with those that may be handed over at this moment. */
  found: number;
};

/** Returns the next reports about the consumer. `callMs`: how long a hand-over may take. */
export async function nextReports(
  db: Queryable,
  { projectId, subject, eventsBefore }: RunningErasure,
  callMs: number,
): Promise<Reports> {
  const values = [projectId, subject, eventsBefore];
  await db.query(MARK, values);
  const { rows } = await db.query<{ id: string; isHandedOver: boolean }>(NEXT, [...values, callMs]);
  const ids = rows.filter(({ isHandedOver }) => isHandedOver).map(({ id }) => id);
  return {
    ids,
    operationalProject: operationalProjectOf(projectId),
    eventIds: ids.map(operationalEventId),
    found: rows.length,
  };
}

// A report stays as long as its event does, which has an attempt under way.
const REMOVE = `
  DELETE FROM operational_events report USING unnest($1::text[], $2::text[]) AS wanted (id, event_id)
  WHERE report.id = wanted.id
    AND NOT EXISTS (SELECT FROM events e WHERE e.project_id = $3 AND e.id = wanted.event_id)`;

/** Removes those of the reports whose events have no open delivery, with these events. Returns how many. */
export function eraseReports(
  pool: pg.Pool,
  { id }: RunningErasure,
  { ids, eventIds, operationalProject }: Reports,
  startMs: number,
): Promise<number> {
  return inTransaction(pool, async (client) => {
    await removeSettled(client, operationalProject, eventIds, (settled) =>
      noteWorkflows(client, id, operationalProject, settled, startMs),
    );
    return (await client.query(REMOVE, [ids, eventIds, operationalProject])).rowCount ?? 0;
  });
}
