import type pg from 'pg';
import { labelOf } from '../../policy/listener-url.ts';
import type { Quotas } from '../../policy/quotas.ts';
import { type EndpointQuotas, insertEndpoint, type NewEndpoint } from '../endpoints/insert-endpoint.ts';
import { inTransaction, type Queryable } from '../postgres/database.ts';
import { maxId } from '../postgres/ids.ts';
import { type Page, type PageRequest, pageOf } from '../postgres/pages.ts';
import { countUpTo, lockQuotaCount, requireBelowQuota } from '../projects/enforce-quota.ts';
import type { Scope } from '../scope.ts';

export type Listener = {
  id: string;
  label: string;
  events: string[];
  consumer: string | null;
  connected: boolean;
  createdAt: Date;
  expiresAt: Date;
};
type Row = Omit<Listener, 'label'> & { url: string };

const LISTENER_COLUMNS = `
  e.id, e.url, e.events, e.consumer, coalesce(l.connected_until > now(), false) AS connected, e.created_at AS "createdAt",
  l.expires_at AS "expiresAt"`;

const toListener = ({ url, ...row }: Row): Listener => ({ ...row, label: labelOf(url) });

export type ListenerQuotas = EndpointQuotas & Pick<Quotas, 'listenersOfProject' | 'listenersOfConsumer'>;

const COUNT_OF_PROJECT = countUpTo(
  'FROM listeners WHERE project_id = $1 AND (consumer IS NULL) = $2::boolean',
  '$3',
);
const COUNT_OF_CONSUMER = countUpTo('FROM listeners WHERE project_id = $1 AND consumer = $2', '$3');

const WITH_LABEL = `
  SELECT ${LISTENER_COLUMNS}
  FROM listeners l JOIN endpoints e ON e.id = l.endpoint_id
  WHERE l.project_id = $1 AND l.consumer IS NOT DISTINCT FROM $2 AND e.url = $3 AND e.status <> 'deleted'`;

const INSERT_LISTENER = `
  INSERT INTO listeners (endpoint_id, project_id, consumer, expires_at) VALUES ($1, $2, $3, now() + interval '24 hours')
  RETURNING expires_at AS "expiresAt"`;

/**
 * Stores a listener, unless its consumer has one with this label. Throws QuotaReached, and what insertEndpoint throws;
 * nothing is stored then.
 */
export async function registerListener(
  pool: pg.Pool,
  endpoint: NewEndpoint,
  { keyHash, quotas }: { keyHash: Buffer | null; quotas: ListenerQuotas },
): Promise<{ kind: 'created' | 'existing'; listener: Listener }> {
  const { id, projectId, consumer, url } = endpoint;
  return inTransaction(pool, async (client) => {
    await lockQuotaCount(client, 'endpoints', projectId);
    const existing = (await client.query<Row>(WITH_LABEL, [projectId, consumer, url])).rows[0];
    if (existing) return { kind: 'existing', listener: toListener(existing) };
    await requireListenerQuota(client, projectId, consumer, quotas);
    const { events, createdAt } = await insertEndpoint(client, endpoint, keyHash, quotas);
    const { rows } = await client.query<{ expiresAt: Date }>(INSERT_LISTENER, [id, projectId, consumer]);
    const { expiresAt } = rows[0]!;
    const row = { id, url, events, consumer, connected: false, createdAt, expiresAt };
    return { kind: 'created', listener: toListener(row) };
  });
}

async function requireListenerQuota(
  client: pg.PoolClient,
  projectId: string,
  consumer: string | null,
  { listenersOfProject, listenersOfConsumer }: ListenerQuotas,
): Promise<void> {
  if (consumer !== null) {
    const values = [projectId, consumer];
    await requireBelowQuota(client, COUNT_OF_CONSUMER, values, 'listenersOfConsumer', listenersOfConsumer);
  }
  const values = [projectId, consumer === null];
  await requireBelowQuota(client, COUNT_OF_PROJECT, values, 'listenersOfProject', listenersOfProject);
}

// The quotas bound the rows that are read and sorted.
const LIST = `
  SELECT ${LISTENER_COLUMNS}
  FROM listeners l JOIN endpoints e ON e.id = l.endpoint_id
  WHERE l.project_id = $1 AND ($2::text IS NULL OR l.consumer = $2) AND e.id < $3 AND e.status <> 'deleted'
  ORDER BY e.id DESC LIMIT $4`;

export async function listListeners(
  db: Queryable,
  { projectId, consumer }: Scope,
  page: PageRequest,
): Promise<Page<Listener>> {
  const values = [projectId, consumer, page.after?.[0] ?? maxId('ep'), page.limit + 1];
  const { rows } = await db.query<Row>(LIST, values);
  return pageOf(rows.map(toListener), page.limit, ({ id }) => [id]);
}

const EXISTS = `
  SELECT FROM listeners WHERE endpoint_id = $1 AND project_id = $2 AND ($3::text IS NULL OR consumer = $3)`;

export async function hasListener(
  db: Queryable,
  { projectId, consumer }: Scope,
  id: string,
): Promise<boolean> {
  return (await db.query(EXISTS, [id, projectId, consumer])).rows.length > 0;
}
