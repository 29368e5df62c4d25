import type pg from 'pg';
import type { Quotas } from '../../policy/quotas.ts';
import { inTransaction, type Queryable } from '../postgres/database.ts';
import { maxId } from '../postgres/ids.ts';
import { type Page, type PageRequest, pageOf } from '../postgres/pages.ts';
import { countUpTo, lockQuotaCount, requireBelowQuota } from '../projects/quota-reached.ts';
import { FREE_PLAN } from './hold-reason.ts';

/**
 * What a caller may see: project-wide with `consumer` null, else only that consumer's. With `since`, what is older is of
 * a consumer that had the same id and was deleted then.
 */
export type Scope = { projectId: string; consumer: string | null; since?: Date | null };

export type Endpoint = {
  id: string;
  url: string;
  events: string[];
  consumer: string | null;
  description: string | null;
  /** Sealed JSON object of header names and values; null: none. */
  headers: Buffer | null;
  status: 'active' | 'paused' | 'disabled';
  /** Whose key disabled it; null when it is not disabled, or was before this was noted. */
  disabledBy: 'project' | 'consumer' | null;
  createdAt: Date;
  updatedAt: Date;
};

/** Shown for a header's value. Itself none as of RFC 9110, so an answer that is sent back unchanged is refused. */
export const MASKED = '••••';

/** The places that an endpoint's sealed columns are bound to. */
export const endpointSecretsContext = (projectId: string, endpointId: string) => ({
  project: projectId,
  owner: endpointId,
  column: 'secrets',
});
export const endpointHeadersContext = (projectId: string, endpointId: string) => ({
  project: projectId,
  owner: endpointId,
  column: 'headers',
});

export const ENDPOINT_COLUMNS = `
  id, url, events, consumer, description, headers, status, disabled_by AS "disabledBy", created_at AS "createdAt", updated_at AS "updatedAt"`;

// SHARE on both: an endpoint that is made while plans change is made before, and follows them, or after.
const PLANS_IN_FORCE = `SELECT plans_in_force AS plans FROM projects WHERE id = $1 FOR SHARE`;
const MAKE_CONSUMER = `INSERT INTO consumers (project_id, id) VALUES ($1, $2) ON CONFLICT DO NOTHING`;
const PLAN_OF_CONSUMER = `SELECT plan FROM consumers WHERE project_id = $1 AND id = $2 FOR SHARE`;

// A key that is being deleted waits for the endpoint, and then finds it; the endpoint of one that is gone is not made.
const KEEP_KEY = `SELECT FROM api_keys WHERE hash = $1 FOR KEY SHARE`;

const INSERT_ENDPOINT = `
  INSERT INTO endpoints (id, project_id, consumer, url, events, description, secrets, headers)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
  RETURNING ${ENDPOINT_COLUMNS}`;

export type NewEndpoint = Pick<Endpoint, 'id' | 'url' | 'events' | 'consumer' | 'description' | 'headers'> & {
  projectId: string;
  /** Sealed JSON array, newest first. */
  secrets: Buffer;
};

/** The consumer's plan does not include webhooks; `plans` do. */
export class PlanRequired extends Error {
  readonly plan: string;
  readonly plans: string[];
  constructor(plan: string, plans: string[]) {
    super('the plan of the consumer does not include webhooks');
    this.plan = plan;
    this.plans = plans;
  }
}

/** The key with which the endpoint was asked for has been deleted meanwhile. */
export class KeyDeleted extends Error {}

export type EndpointQuotas = Partial<
  Pick<Quotas, 'endpointsOfProject' | 'endpointsOfConsumer' | 'endpointsWithoutConsumer'>
>;

const COUNT_OF_PROJECT = countUpTo(`FROM endpoints WHERE project_id = $1 AND status <> 'deleted'`, '$2');
const COUNT_OF_CONSUMER = countUpTo(
  `FROM endpoints WHERE project_id = $1 AND consumer = $2 AND status <> 'deleted'`,
  '$3',
);
const COUNT_WITHOUT_CONSUMER = countUpTo(
  `FROM endpoints WHERE project_id = $1 AND consumer IS NULL AND status <> 'deleted'`,
  '$2',
);

async function requireRoomForEndpoint(
  client: pg.PoolClient,
  projectId: string,
  consumer: string | null,
  { endpointsOfProject, endpointsOfConsumer, endpointsWithoutConsumer }: EndpointQuotas,
): Promise<void> {
  if (endpointsOfProject === undefined) return;
  await lockQuotaCount(client, 'endpoints', projectId);
  if (consumer !== null && endpointsOfConsumer !== undefined) {
    const values = [projectId, consumer];
    await requireBelowQuota(client, COUNT_OF_CONSUMER, values, 'endpointsOfConsumer', endpointsOfConsumer);
  } else if (consumer === null && endpointsWithoutConsumer !== undefined) {
    const quota = 'endpointsWithoutConsumer';
    await requireBelowQuota(client, COUNT_WITHOUT_CONSUMER, [projectId], quota, endpointsWithoutConsumer);
  }
  await requireBelowQuota(client, COUNT_OF_PROJECT, [projectId], 'endpointsOfProject', endpointsOfProject);
}

/**
 * Registers an endpoint, and with it a consumer that is named for the first time. Throws
 * PlanRequired, QuotaReached or, where the hash of a key is given, KeyGone, and makes neither.
 */
export async function insertEndpoint(
  pool: pg.Pool,
  endpoint: NewEndpoint,
  keyHash: Buffer | null = null,
  most: EndpointQuotas = {},
): Promise<Endpoint> {
  const { id, projectId, consumer, url, events, description, secrets, headers } = endpoint;
  return inTransaction(pool, async (client) => {
    await requireRoomForEndpoint(client, projectId, consumer, most);
    if (keyHash && (await client.query(KEEP_KEY, [keyHash])).rows.length === 0) throw new KeyDeleted();
    if (consumer !== null) await requirePlan(client, projectId, consumer);
    const values = [id, projectId, consumer, url, events, description, secrets, headers];
    const { rows } = await client.query<Endpoint>(INSERT_ENDPOINT, values);
    return rows[0]!;
  });
}

async function requirePlan(client: pg.PoolClient, projectId: string, consumer: string): Promise<void> {
  const ofProject = await client.query<{ plans: string[] | null }>(PLANS_IN_FORCE, [projectId]);
  await client.query(MAKE_CONSUMER, [projectId, consumer]);
  const ofConsumer = await client.query<{ plan: string | null }>(PLAN_OF_CONSUMER, [projectId, consumer]);
  const plans = ofProject.rows[0]!.plans;
  const plan = ofConsumer.rows[0]!.plan ?? FREE_PLAN;
  if (plans && !plans.includes(plan)) throw new PlanRequired(plan, plans);
}

const FIND_ENDPOINT = `
  SELECT ${ENDPOINT_COLUMNS}
  FROM endpoints
  WHERE project_id = $1 AND ($2::text IS NULL OR consumer = $2) AND id = $3 AND status <> 'deleted'`;

export async function findEndpoint(db: Queryable, scope: Scope, id: string): Promise<Endpoint | undefined> {
  const { rows } = await db.query<Endpoint>(FIND_ENDPOINT, [scope.projectId, scope.consumer, id]);
  return rows[0];
}

// Bounded in project and consumer from both sides, see alongIndex in delivery-lists.ts.
const LIST_OF_PROJECT = `
  SELECT ${ENDPOINT_COLUMNS}
  FROM endpoints
  WHERE (project_id, id) < ($1, $2::text) AND project_id >= $1 AND status <> 'deleted'
  ORDER BY project_id DESC, id DESC
  LIMIT $3`;
const LIST_OF_CONSUMER = `
  SELECT ${ENDPOINT_COLUMNS}
  FROM endpoints
  WHERE (project_id, consumer, id) < ($1, $4, $2::text) AND (project_id, consumer) >= ($1, $4) AND status <> 'deleted'
  ORDER BY project_id DESC, consumer DESC, id DESC
  LIMIT $3`;

export async function listEndpoints(
  db: Queryable,
  scope: Scope,
  filter: { consumer?: string | undefined },
  page: PageRequest,
): Promise<Page<Endpoint>> {
  const { consumer = scope.consumer } = filter;
  // A consumer's key that asks for another one's.
  if (scope.consumer !== null && consumer !== scope.consumer) return { items: [], next: null };
  const values = [scope.projectId, page.after?.[0] ?? maxId('ep'), page.limit + 1];
  const { rows } =
    consumer === null
      ? await db.query<Endpoint>(LIST_OF_PROJECT, values)
      : await db.query<Endpoint>(LIST_OF_CONSUMER, [...values, consumer]);
  return pageOf(rows, page.limit, ({ id }) => [id]);
}

// What is not to change comes as null; description and headers may be set to null, so each has a switch.
const UPDATE_ENDPOINT = `
  UPDATE endpoints
  SET url = coalesce($4, url),
      events = coalesce($5, events),
      description = CASE WHEN $6::boolean THEN $7 ELSE description END,
      headers = CASE WHEN $8::boolean THEN $9 ELSE headers END,
      updated_at = now()
  WHERE project_id = $1 AND ($2::text IS NULL OR consumer = $2) AND id = $3 AND status <> 'deleted'
  RETURNING ${ENDPOINT_COLUMNS}`;

export type EndpointChanges = {
  url?: string | undefined;
  events?: string[] | undefined;
  description?: string | null | undefined;
  headers?: Buffer | null | undefined;
};

export async function updateEndpoint(
  db: Queryable,
  scope: Scope,
  id: string,
  { url, events, description, headers }: EndpointChanges,
): Promise<Endpoint | undefined> {
  const { rows } = await db.query<Endpoint>(UPDATE_ENDPOINT, [
    scope.projectId,
    scope.consumer,
    id,
    url ?? null,
    events ?? null,
    description !== undefined,
    description ?? null,
    headers !== undefined,
    headers ?? null,
  ]);
  return rows[0];
}
