import type { Queryable } from '../../postgres/database.ts';
import type { EventDraft } from '../event-draft.ts';

// A consumer that exists is found without its lock: while it is changed or deleted, ON CONFLICT would wait for it.
const INSERT_CONSUMERS = `
  INSERT INTO consumers (project_id, id)
  SELECT DISTINCT project_id, id FROM unnest($1::text[], $2::text[]) AS posted (project_id, id)
  WHERE NOT EXISTS (SELECT FROM consumers known WHERE known.project_id = posted.project_id AND known.id = posted.id)
  ORDER BY project_id, id
  ON CONFLICT DO NOTHING`;

/** Inserts the consumers of the drafts that do not exist yet. */
export async function insertConsumers(db: Queryable, drafts: EventDraft[]): Promise<void> {
  const ofConsumers = drafts.filter(({ consumer }) => consumer !== null);
  await db.query(INSERT_CONSUMERS, [
    ofConsumers.map(({ projectId }) => projectId),
    ofConsumers.map(({ consumer }) => consumer),
  ]);
}
