import pg from 'pg';

/** Runs a query that returns one row with the number `n`. */
export async function countRows(databaseUrl: string, query: string, values: string[] = []): Promise<number> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ n: number }>(query, values);
    return rows[0]!.n;
  } finally {
    await client.end();
  }
}

/** Attempts whose process ended before it recorded their outcome. */
export const countUnknownAttempts = (databaseUrl: string): Promise<number> =>
  countRows(databaseUrl, "SELECT count(*)::int AS n FROM attempts WHERE outcome = 'unknown'");
