import type { Capability } from '../../policy/capabilities.ts';
import type { Queryable } from '../postgres/database.ts';
import { maxId } from '../postgres/ids.ts';
import { type Page, type PageRequest, pageOf } from '../postgres/pages.ts';

/** A session of a consumer in the portal. */
export type ConsumerSession = {
  id: string;
  /** The link that it began with. */
  link: string;
  capabilities: Capability[];
  createdAt: Date;
  /** To five minutes. */
  lastUsedAt: Date;
  /** When it ends if it is not used before then. */
  expiresAt: Date;
};

// A consumer has at most 100 sessions.
const LIST = `
  SELECT id, link_id AS link, capabilities, created_at AS "createdAt", used_at AS "lastUsedAt",
         least(used_at + idle_seconds * interval '1 second', expires_at) AS "expiresAt"
  FROM sessions
  WHERE project_id = $1 AND consumer = $2 AND id < $3
    AND expires_at > now() AND used_at + idle_seconds * interval '1 second' > now()
  ORDER BY id DESC
  LIMIT $4`;

/** The sessions of a consumer that are in force, the newest first. */
export async function listConsumerSessions(
  db: Queryable,
  projectId: string,
  consumer: string,
  page: PageRequest,
): Promise<Page<ConsumerSession>> {
  const values = [projectId, consumer, page.after?.[0] ?? maxId('ses'), page.limit + 1];
  const { rows } = await db.query<ConsumerSession>(LIST, values);
  return pageOf(rows, page.limit, ({ id }) => [id]);
}
