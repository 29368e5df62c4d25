import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { createPool } from '../../../src/store/postgres/database.ts';

export type TestDatabase = {
  url: string;
  pool: pg.Pool;
  /** Closes the pool, and removes the database although others may still be connected. */
  drop(): Promise<void>;
};

/** A database of its own, migrated, cloned from the run's template in some 50 ms. */
export const createTestDatabase = (): Promise<TestDatabase> => copyOfDatabase(runningPostgres());

/** A copy of a database to which nothing is connected. */
export async function copyOfDatabase(original: string): Promise<TestDatabase> {
  const copy = new URL(original);
  const name = `test_${randomBytes(6).toString('hex')}`;
  await administer(`CREATE DATABASE ${name} TEMPLATE ${copy.pathname.slice(1)}`);

  copy.pathname = name;
  const url = copy.toString();
  const pool = createPool(url);
  return {
    url,
    pool,
    drop: async () => {
      await pool.end();
      await administer(`DROP DATABASE ${name} WITH (FORCE)`);
    },
  };
}

/** Any database but the template: a connection to it would hinder cloning. */
async function administer(statement: string): Promise<void> {
  const url = new URL(runningPostgres());
  url.pathname = 'postgres';
  const client = new pg.Client({ connectionString: url.toString() });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

export function runningPostgres(): string {
  const url = process.env.POSTHORN_TEST_POSTGRES;
  if (!url)
    throw new Error('no Postgres runs for this test: tests under test/unit have none, move it elsewhere');
  return url;
}
