import type { Quotas } from '../../../policy/quotas.ts';
import type { Queryable } from '../../postgres/database.ts';
import { QuotaReached } from '../../projects/enforce-quota.ts';
import type { EventDraft } from '../event-draft.ts';

/** A filter and the hash by which a match names it. */
export type EventFilter = { hash: string; text: string };

/** SQL: the hash of a filter; null if there is none. */
export const filterHash = (filter: string): string => `md5(${filter})`;

/** Drafts, by their index, match endpoints with filters that were not evaluated for them. */
export class FiltersNeeded extends Error {
  readonly draftIndexes: ReadonlySet<number>;
  constructor(draftIndexes: ReadonlySet<number>) {
    super('events match endpoints whose filters have to be evaluated first');
    this.draftIndexes = draftIndexes;
  }
}

const FILTERED_ENDPOINTS = `
  FROM endpoints
  WHERE project_id = $1 AND consumer IS NOT DISTINCT FROM $2 AND filter IS NOT NULL AND status <> 'deleted'`;

const HAS_FILTERS = `SELECT EXISTS (SELECT ${FILTERED_ENDPOINTS}) AS found`;

/** Whether filtersFor would return any. */
export async function hasFilters(
  db: Queryable,
  { projectId, consumer }: Pick<EventDraft, 'projectId' | 'consumer'>,
): Promise<boolean> {
  return (await db.query<{ found: boolean }>(HAS_FILTERS, [projectId, consumer])).rows[0]!.found;
}

const FILTERS_OF = `
  SELECT DISTINCT ${filterHash('filter')} AS hash, filter AS text ${FILTERED_ENDPOINTS}
  ORDER BY hash`;

/** The filters of the endpoints that an event may match, each once. Quotas limit their number. */
export async function filtersFor(
  db: Queryable,
  { projectId, consumer }: Pick<EventDraft, 'projectId' | 'consumer'>,
): Promise<EventFilter[]> {
  const { rows } = await db.query<EventFilter>(FILTERS_OF, [projectId, consumer]);
  return rows;
}

const OTHER_FILTERS = `
  SELECT count(DISTINCT ${filterHash('filter')})::int AS "ofProject",
         count(DISTINCT ${filterHash('filter')}) FILTER (WHERE consumer = $2)::int AS "ofConsumer"
  FROM endpoints
  WHERE project_id = $1 AND filter IS NOT NULL AND status <> 'deleted' AND filter <> $3 AND id <> $4`;

export type FilterQuotas = Pick<Quotas, 'filtersOfProject' | 'filtersOfConsumer'>;

/**
 * Throws QuotaReached if the other endpoints of the project or the consumer have too many different filters for that of
 * endpoint `id`. The transaction must hold the lock of lockQuotaCount for `endpoints`.
 */
export async function requireFilterQuota(
  db: Queryable,
  { id, projectId, consumer }: { id: string; projectId: string; consumer: string | null },
  filter: string,
  quotas: FilterQuotas,
): Promise<void> {
  const { rows } = await db.query<{ ofProject: number; ofConsumer: number }>(OTHER_FILTERS, [
    projectId,
    consumer,
    filter,
    id,
  ]);
  const { ofProject, ofConsumer } = rows[0]!;
  if (consumer !== null && ofConsumer >= quotas.filtersOfConsumer)
    throw new QuotaReached('filtersOfConsumer', quotas.filtersOfConsumer);
  if (ofProject >= quotas.filtersOfProject)
    throw new QuotaReached('filtersOfProject', quotas.filtersOfProject);
}
