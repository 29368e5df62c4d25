import type { Queryable } from '../../postgres/database.ts';

const COOLING_DOWN = `SELECT count(*)::int AS n FROM receiver_gates WHERE not_before_reason = 'cooldown'`;

/** Returns the number of receivers that get only probes. */
export async function receiversCoolingDown(db: Queryable): Promise<number> {
  return (await db.query<{ n: number }>(COOLING_DOWN)).rows[0]!.n;
}
