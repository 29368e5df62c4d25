import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createServer, type Server } from 'node:net';
import pg from 'pg';
import { checkDatabase } from '../../../src/service/preflight/check-database.ts';
import { checkSchema } from '../../../src/service/preflight/check-schema.ts';
import { migrateDatabase } from '../../../src/service/preflight/migrate-database.ts';
import { StartFailure } from '../../../src/service/start-failure.ts';
import { createTestDatabase, runningPostgres, type TestDatabase } from '../../set-up/servers/database.ts';

let database: TestDatabase;
let servers: Server[];
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
beforeEach(() => {
  servers = [];
});
afterEach(() => {
  for (const server of servers) server.close();
});

async function portOf(server: Server): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

function urlWith(change: (url: URL) => void): string {
  const url = new URL(database.url);
  change(url);
  return url.toString();
}

/** The message for the user: one or two sentences that begin with the variable, without a password. */
async function failureOf(url: string): Promise<string> {
  const failure = await checkDatabase(url, 'DATABASE_URL').catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(StartFailure);
  const { message } = failure as StartFailure;
  expect(message).toMatch(/^DATABASE_URL: .*\.$/);
  expect(message).not.toContain(new URL(database.url).password);
  expect(message.split('\n')).toHaveLength(1);
  return message;
}

test('a usable database passes', async () => {
  await expect(checkDatabase(database.url, 'DATABASE_URL')).resolves.toBeUndefined();
});

test.each<[string, (url: URL) => void, RegExp]>([
  ['nothing listens', (url) => (url.port = '1'), /nothing listens at 127\.0\.0\.1:1 .*Start Postgres there/],
  [
    'the host does not exist',
    (url) => (url.hostname = 'no.such.host.invalid'),
    /no\.such\.host\.invalid cannot be resolved/,
  ],
  ['the password is wrong', (url) => (url.password = 'wrong'), /refuses the user "posthorn": wrong password/],
  ['there is no such user', (url) => (url.username = 'nobody'), /refuses the user "nobody"/],
  ['the password is missing', (url) => (url.password = ''), /requires a password/],
  [
    'the database is missing',
    (url) => (url.pathname = '/nothing'),
    /no database "nothing" .*CREATE DATABASE/,
  ],
  [
    'TLS is refused',
    (url) => url.searchParams.set('sslmode', 'verify-full'),
    /does not support TLS.*Remove sslmode/,
  ],
  [
    'a file of the URL is missing',
    (url) => url.searchParams.set('sslrootcert', '/no/ca.pem'),
    /\/no\/ca\.pem .*cannot be read/,
  ],
])('when %s, the message says so and what to do', async (_, change, words) => {
  expect(await failureOf(urlWith(change))).toMatch(words);
});

test.each<[string, () => Server]>([
  ['a web server', () => createHttpServer((_, response) => response.end('hello'))],
  ['one that hangs up', () => createServer((socket) => socket.destroy())],
  [
    'a server that sends first',
    () => createServer((socket) => void socket.on('error', () => {}).end('220 mail ready\r\n')),
  ],
])('%s is not taken for Postgres', async (_, server) => {
  const port = await portOf(server());
  const words = await failureOf(urlWith((url) => (url.port = String(port))));
  expect(words).toMatch(/is not Postgres/);
});

test('a server that never responds is given up after 5 s', async () => {
  const port = await portOf(createServer((socket) => void socket.on('error', () => {})));
  expect(await failureOf(urlWith((url) => (url.port = String(port))))).toMatch(/does not respond within 5 s/);
  for (const server of servers) server.unref();
});

test('a signal ends the wait for a missing server', async () => {
  const stop = AbortSignal.timeout(100);
  const url = urlWith((to) => (to.port = '1'));
  await expect(checkDatabase(url, 'DATABASE_URL', stop)).rejects.toMatchObject({ name: 'TimeoutError' });
});

test('a role that may not create tables fails with a message that says what it needs', async () => {
  const url = new URL(runningPostgres());
  const name = new URL(database.url).pathname.slice(1);
  await database.pool.query(`CREATE ROLE reader_${name} LOGIN PASSWORD 'reader'`);
  await database.pool.query('ALTER TABLE schema_migrations RENAME TO renamed');
  [url.username, url.password, url.pathname] = [`reader_${name}`, 'reader', name];
  try {
    await expect(migrateDatabase(url.toString(), () => {})).rejects.toThrow(
      /"reader_\w+" lacks a permission .*Make it the owner/,
    );
  } finally {
    await database.pool.query('ALTER TABLE renamed RENAME TO schema_migrations');
    await database.pool.query(`DROP ROLE reader_${name}`);
  }
});

describe('the schema', () => {
  const one = (sql: string) => database.pool.query(sql);

  test('of an empty database is refused with the command that creates it', async () => {
    const name = `empty_${Date.now()}`;
    const url = new URL(runningPostgres());
    url.pathname = 'postgres';
    const client = new pg.Client({ connectionString: url.toString() });
    await client.connect();
    await client.query(`CREATE DATABASE ${name}`);
    try {
      const empty = urlWith((to) => (to.pathname = name));
      await expect(checkSchema(empty)).rejects.toThrow(/not migrated \(it lacks 0001_.*"posthorn migrate"/);
      expect((await migrateDatabase(empty, () => {})).length).toBeGreaterThan(1);
      await expect(checkSchema(empty)).resolves.toBeUndefined();
    } finally {
      await client.query(`DROP DATABASE ${name} WITH (FORCE)`);
      await client.end();
    }
  });

  test('that lacks a migration, or has one that this release does not know, is refused', async () => {
    await expect(checkSchema(database.url)).resolves.toBeUndefined();
    await one("INSERT INTO schema_migrations (name, checksum) VALUES ('9999_later.sql', '')");
    await expect(checkSchema(database.url)).rejects.toThrow(/newer release \(9999_later\.sql\)/);
    await expect(migrateDatabase(database.url, () => {})).rejects.toThrow(
      /newer release \(9999_later\.sql\)/,
    );
    await one("DELETE FROM schema_migrations WHERE name = '9999_later.sql'");

    const { rows } = await one('DELETE FROM schema_migrations WHERE name LIKE $$0003%$$ RETURNING *');
    await expect(checkSchema(database.url)).rejects.toThrow(/lacks 0003_/);
    await database.pool.query(
      'INSERT INTO schema_migrations SELECT * FROM json_populate_record(NULL::schema_migrations, $1)',
      [JSON.stringify(rows[0])],
    );
  });
});
