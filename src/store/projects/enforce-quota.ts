import type { Queryable } from '../postgres/database.ts';

/** A quota is used up; nothing was stored. */
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
 * Serializes transactions that add rows under the same quota, so that each one counts the rows of the one before. To be
 * called before any row is locked; otherwise a transaction that holds a row would wait here.
 */
export async function lockQuotaCount(client: Queryable, kind: string, projectId: string): Promise<void> {
  await client.query(LOCK, [`${kind} of ${projectId}`]);
}

/** Throws QuotaReached if `count` returns at least `max`. The last parameter of `count` is the number to count up to. */
export async function requireBelowQuota(
  client: Queryable,
  count: string,
  values: unknown[],
  quota: string,
  max: number,
): Promise<void> {
  const { rows } = await client.query<{ n: number }>(count, [...values, max]);
  if (rows[0]!.n >= max) throw new QuotaReached(quota, max);
}

/** SQL: counts rows, but not further than `max`. */
export const countUpTo = (rows: string, max: string): string =>
  `SELECT count(*)::int AS n FROM (SELECT ${rows} LIMIT ${max}::int) AS counted`;
