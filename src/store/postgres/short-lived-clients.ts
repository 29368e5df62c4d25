import pg from 'pg';

const CONNECT_TIMEOUT_MS = 5_000;
const QUERY_TIMEOUT_MS = 10_000;

/** Connects `count` clients, passes them to `work`, and closes them afterwards. Throws connection errors. */
export async function withClients<T>(
  count: number,
  url: string,
  work: (clients: pg.Client[]) => Promise<T>,
  Client: typeof pg.Client = pg.Client,
): Promise<T> {
  const clients = Array.from(
    { length: count },
    () =>
      new Client({
        connectionString: url,
        connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
        query_timeout: QUERY_TIMEOUT_MS,
      }),
  );
  for (const client of clients) client.on('error', () => {}); // the next statement fails
  try {
    for (const client of clients) await client.connect();
    return await work(clients);
  } finally {
    await Promise.all(clients.map((client) => client.end().catch(() => {})));
  }
}
