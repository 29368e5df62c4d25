import type pg from 'pg';
import { type EndpointLimits, isUnlimited, NO_LIMITS } from '../../policy/pacing.ts';
import { type PolicyOverride, serializeOverride } from '../../policy/policy-override.ts';
import type { Quotas } from '../../policy/quotas.ts';
import { type FilterQuotas, requireFilterQuota } from '../events/accept/event-filters.ts';
import { countUpTo, requireBelowQuota } from '../projects/enforce-quota.ts';
import { setLimits } from '../receivers/gates/limits.ts';
import type { SealedTls } from './endpoint-tls.ts';
import { ENDPOINT_COLUMNS, type Endpoint, throwingUidTaken } from './endpoints.ts';
import { FREE_PLAN } from './hold-reason.ts';

// FOR SHARE serializes this with a change of plans, so that every endpoint is checked against either the old or the new
// plans and is updated in the former case.
const PLANS_IN_FORCE = `SELECT plans_in_force AS plans FROM projects WHERE id = $1 FOR SHARE`;

const INSERT_CONSUMER = `INSERT INTO consumers (project_id, id) VALUES ($1, $2) ON CONFLICT DO NOTHING`;

const PLAN_OF_CONSUMER = `SELECT plan FROM consumers WHERE project_id = $1 AND id = $2 FOR SHARE`;

// A concurrent deletion of the key waits until the endpoint exists, and then finds it. With a deleted key, no endpoint is
// created.
const LOCK_KEY = `SELECT FROM api_keys WHERE hash = $1 FOR KEY SHARE`;
const LOCK_SESSION = `SELECT FROM sessions WHERE hash = $1 FOR KEY SHARE`;

const INSERT_ENDPOINT = `
  INSERT INTO endpoints (id, project_id, consumer, url, events, description, secrets, headers, uid, policy, rate,
                         rate_period, concurrency, ordered, filter, tls_certificate, tls_key, tls_authorities, oauth)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)
  RETURNING ${ENDPOINT_COLUMNS}`;

export type NewEndpoint = Pick<Endpoint, 'id' | 'url' | 'events' | 'consumer' | 'description' | 'headers'> & {
  uid?: string | null;
  policy?: PolicyOverride | null;
  /** Canonical JSON. */
  filter?: string | null;
  tls?: SealedTls;
  oauth?: Buffer | null;
  limits?: EndpointLimits;
  projectId: string;
  /** Sealed JSON array, newest first. */
  secrets: Buffer;
};

/** The consumer's plan does not include webhooks; `plans` lists those that do. */
export class PlanRequired extends Error {
  readonly plan: string;
  readonly plans: string[];
  constructor(plan: string, plans: string[]) {
    super('the plan of the consumer does not include webhooks');
    this.plan = plan;
    this.plans = plans;
  }
}

/** The key or session of the request was deleted while the request was being handled. */
export class KeyDeleted extends Error {}

export type EndpointQuotas = Partial<
  Pick<Quotas, 'endpointsOfProject' | 'endpointsOfConsumer' | 'endpointsWithoutConsumer'> & FilterQuotas
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

async function requireEndpointQuota(
  client: pg.PoolClient,
  projectId: string,
  consumer: string | null,
  { endpointsOfProject, endpointsOfConsumer, endpointsWithoutConsumer }: EndpointQuotas,
): Promise<void> {
  if (endpointsOfProject === undefined) return;
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
 * Stores an endpoint, and its consumer if it is new. Throws PlanRequired, QuotaReached, UidTaken or, if the hash of a key or
 * session is given, KeyDeleted; the transaction must then be rolled back.
 */
export async function insertEndpoint(
  client: pg.PoolClient,
  endpoint: NewEndpoint,
  keyHash: Buffer | null = null,
  quotas: EndpointQuotas = {},
): Promise<Endpoint> {
  const { id, projectId, consumer, url, events, description, secrets, headers, uid = null } = endpoint;
  const policy = serializeOverride(endpoint.policy ?? null);
  const { limits = NO_LIMITS } = endpoint;
  const { rate, concurrency, ordered } = limits;
  await requireEndpointQuota(client, projectId, consumer, quotas);
  const { filter = null } = endpoint;
  const { filtersOfProject, filtersOfConsumer } = quotas;
  if (filter !== null && filtersOfProject !== undefined && filtersOfConsumer !== undefined)
    await requireFilterQuota(client, endpoint, filter, { filtersOfProject, filtersOfConsumer });
  if (keyHash && !(await lockCaller(client, keyHash))) throw new KeyDeleted();
  if (consumer !== null) await requirePlan(client, projectId, consumer);
  const values: unknown[] = [
    id,
    projectId,
    consumer,
    url,
    events,
    description,
    secrets,
    headers,
    uid,
    policy,
  ];
  values.push(rate?.limit ?? null, rate?.per ?? null, concurrency, ordered, filter);
  const { clientCertificate, authorities = null } = endpoint.tls ?? {};
  values.push(clientCertificate?.certificate ?? null, clientCertificate?.privateKey ?? null, authorities);
  values.push(endpoint.oauth ?? null);
  const { rows } = await throwingUidTaken(client.query<Endpoint>(INSERT_ENDPOINT, values));
  if (!isUnlimited(limits)) await setLimits(client, projectId, id, limits);
  return rows[0]!;
}

/** Keeps the key or the session of the portal until the end of the transaction; false: it is gone. */
async function lockCaller(client: pg.PoolClient, hash: Buffer): Promise<boolean> {
  for (const lock of [LOCK_KEY, LOCK_SESSION])
    if ((await client.query(lock, [hash])).rows.length > 0) return true;
  return false;
}

async function requirePlan(client: pg.PoolClient, projectId: string, consumer: string): Promise<void> {
  const ofProject = await client.query<{ plans: string[] | null }>(PLANS_IN_FORCE, [projectId]);
  await client.query(INSERT_CONSUMER, [projectId, consumer]);
  const ofConsumer = await client.query<{ plan: string | null }>(PLAN_OF_CONSUMER, [projectId, consumer]);
  const plans = ofProject.rows[0]!.plans;
  const plan = ofConsumer.rows[0]!.plan ?? FREE_PLAN;
  if (plans && !plans.includes(plan)) throw new PlanRequired(plan, plans);
}
