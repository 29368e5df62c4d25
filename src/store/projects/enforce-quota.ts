import type { Queryable } from '../postgres/database.ts';

/** There are as many of a kind as may be; what would have been one more is not stored. */
export class QuotaReached extends Error {
  readonly quota: string;
  readonly max: number;
  constructor(quota: string, max: number) {
    super(`the quota ${quota} of ${max} is used up`);
    this.quota = quota;
    this.max = max;
  }
}

const LOCK = 'SELECT pg_advisory_xact_lock(hashtextextended($1, 0))';

/**
 * Makes those wait that add to the same until the transaction ends: each counts what the one before has added. Before any
 * lock on a row, so that nobody who has one waits for this.
 */
export async function lockQuotaCount(client: Queryable, kind: string, projectId: string): Promise<void> {
  await client.query(LOCK, [`${kind} of ${projectId}`]);
}

/** Throws QuotaReached where `count`, a statement whose last parameter is the most it has to count to, says that many. */
export async function requireBelowQuota(
  client: Queryable,
  count: string,
  values: unknown[],
  quota: string,
  most: number,
): Promise<void> {
  const { rows } = await client.query<{ n: number }>(count, [...values, most]);
  if (rows[0]!.n >= most) throw new QuotaReached(quota, most);
}

/** SQL: how many rows there are, counted no further than `most`. */
export const countUpTo = (rows: string, most: string): string =>
  `SELECT count(*)::int AS n FROM (SELECT ${rows} LIMIT ${most}::int) AS counted`;
