import type pg from 'pg';
import { eraseStatistics, whenNothingIsCounted } from './erase-statistics.ts';
import type { RunningErasure } from './running-erasures.ts';

/** Rows that one statement removes. */
const BATCH = 2_000;

/**
 * The tables with rows of a project that are left when its events and outcomes are gone, in the order in which they are
 * removed. A test compares them with the schema.
 */
export const PROJECT_TABLES = [
  'accepted_counts',
  'backlog',
  'delivery_statistics',
  'endpoint_activity',
  'event_statistics',
  'statistics_progress',
  'bulk_jobs',
  'idempotency_keys',
  'payloads_kept',
  'undeliverable_digests',
  'operational_events',
  'receiver_failures',
  'receiver_gates',
  'listener_requests',
  'listeners',
  'endpoints',
  'event_types',
  'sessions',
  'sign_in_codes',
  'portal_links',
  'api_keys',
  'consumers',
  'deleted_consumers',
] as const;

const removeOfProject = (table: string, column = 'project_id'): string => `
  DELETE FROM ${table} WHERE ctid = ANY (ARRAY(SELECT ctid FROM ${table} WHERE ${column} = $1 LIMIT ${BATCH}))`;

const OF_PROJECT = [
  ...PROJECT_TABLES.map((table) => removeOfProject(table)),
  removeOfProject('profiles', 'scope'),
  removeOfProject('projects', 'id'),
];

// Their deliveries are gone. An endpoint's own row has its URL and description.
const ENDPOINTS_OF_CONSUMER = `
  WITH gone AS (
    SELECT id FROM endpoints
    WHERE project_id = $1 AND consumer = $2 AND status = 'deleted' AND created_at < $3
    LIMIT ${BATCH}
  ), gate AS (
    DELETE FROM receiver_gates WHERE receiver IN (SELECT id FROM gone)
  ), failure AS (
    DELETE FROM receiver_failures WHERE receiver IN (SELECT id FROM gone)
  )
  DELETE FROM endpoints WHERE id IN (SELECT id FROM gone)`;

/** Removes up to 2,000 rows that are left of a consumer or project. Returns false when none is. */
export async function eraseRemains(
  pool: pg.Pool,
  { kind, projectId, subject, eventsBefore }: RunningErasure,
): Promise<boolean> {
  if (kind === 'event') return false;
  if (kind === 'consumer') {
    const values: [string, string, Date | null] = [projectId, subject, eventsBefore];
    if (await eraseStatistics(pool, values)) return true;
    return isPositive(await pool.query(ENDPOINTS_OF_CONSUMER, values));
  }
  await whenNothingIsCounted(pool);
  for (const statement of OF_PROJECT) if (isPositive(await pool.query(statement, [projectId]))) return true;
  return false;
}

const isPositive = ({ rowCount }: { rowCount: number | null }): boolean => (rowCount ?? 0) > 0;
