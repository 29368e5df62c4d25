import type pg from 'pg';

const TABLES = `
  SELECT quote_ident(relname) AS name FROM pg_class
  WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY 1`;

/** Returns the names of the tables with a row that contains `text`, as text or as bytes. */
export async function tablesWith(pool: pg.Pool, text: string): Promise<string[]> {
  const { rows } = await pool.query<{ name: string }>(TABLES);
  const bytes = Buffer.from(text).toString('hex');
  const found: string[] = [];
  for (const { name } of rows) {
    const matches = await pool.query(
      `SELECT FROM ${name} AS t WHERE to_jsonb(t)::text LIKE '%' || $1 || '%' OR to_jsonb(t)::text LIKE '%' || $2 || '%' LIMIT 1`,
      [text, bytes],
    );
    if (matches.rowCount === 1) found.push(name);
  }
  return found;
}
