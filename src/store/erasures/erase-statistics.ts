import type pg from 'pg';
import { inTransaction } from '../postgres/database.ts';
import { lockStatistics } from '../statistics/statistics-lock.ts';

/** Rows that one statement removes. */
const BATCH = 2_000;

const removeSome = (table: string, where: string): string => `
  DELETE FROM ${table} WHERE ctid = ANY (ARRAY(SELECT ctid FROM ${table} WHERE ${where} LIMIT ${BATCH}))`;

// $3 spares the figures of a consumer that was created again with the same id.
const ENDPOINTS = `
  SELECT id FROM endpoints WHERE project_id = $1 AND consumer = $2 AND status = 'deleted' AND created_at < $3`;

const OF_CONSUMER = [
  removeSome('accepted_counts', 'project_id = $1 AND consumer = $2 AND at < $3'),
  removeSome('event_statistics', `project_id = $1 AND scope IN ('c/' || $2, 'ct/' || $2) AND at < $3`),
  removeSome('backlog', `project_id = $1 AND scope = 'c/' || $2 AND oldest_open_at < $3`),
  removeSome('delivery_statistics', `project_id = $1 AND scope = 'c/' || $2 AND at < $3`),
  removeSome(
    'delivery_statistics',
    `project_id = $1 AND scope IN (SELECT 'e/' || id FROM (${ENDPOINTS}) AS gone)`,
  ),
  removeSome('endpoint_activity', `project_id = $1 AND endpoint_id IN (${ENDPOINTS})`),
];

/**
 * Removes up to 2,000 figures of a consumer and of its deleted endpoints. Returns false when none is left. To be called when
 * its outcomes are gone. Under the lock of the statistics: a transaction that has read them before has then counted them.
 */
export function eraseStatistics(pool: pg.Pool, values: [string, string, Date | null]): Promise<boolean> {
  return inTransaction(pool, async (client) => {
    await lockStatistics(client);
    for (const statement of OF_CONSUMER)
      if (((await client.query(statement, values)).rowCount ?? 0) > 0) return true;
    return false;
  });
}

/** Resolves when no transaction counts outcomes of a project any more that it has read before the project was closed. */
export const whenNothingIsCounted = (pool: pg.Pool): Promise<void> => inTransaction(pool, lockStatistics);
