import type pg from 'pg';

type Sent = { id: string; permittedAt: Date | null; isHead: boolean };

const READ = `
  SELECT d.id, d.permitted_at AS "permittedAt",
         NOT d.ordered OR NOT EXISTS (SELECT FROM deliveries before WHERE before.receiver = d.receiver
           AND before.in_order AND (before.sequence, before.id) < (d.sequence, d.id)) AS "isHead"
  FROM deliveries d WHERE d.id = ANY ($1) ORDER BY d.permitted_at, d.id`;

/** Returns claimed deliveries in the order of their permits. */
export async function readSent(pool: pg.Pool, claims: { id: string }[]): Promise<Sent[]> {
  return (await pool.query<Sent>(READ, [claims.map(({ id }) => id)])).rows;
}
