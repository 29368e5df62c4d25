import pg from 'pg';

export const CONNECT_WITHIN_MS = 5000;

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
        connectionTimeoutMillis: CONNECT_WITHIN_MS,
        query_timeout: 10000,
      }),
  );
  for (const client of clients) client.on('error', () => {}); // the next statement says so
  try {
    for (const client of clients) await client.connect();
    return await work(clients);
  } finally {
    await Promise.all(clients.map((client) => client.end().catch(() => {})));
  }
}
