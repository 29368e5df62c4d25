import pg from 'pg';

/** What pg knows of a connection and its types do not name. */
type Target = {
  host: string;
  port: number;
  ssl: object | boolean;
  sslNegotiation?: string;
  processID: number | null;
  secretKey: number | null;
};
type CancelConnection = pg.Connection & {
  connect(port: number | string, host?: string): void;
  requestSsl(): void;
  cancel(processID: number, secretKey: number): void;
};

const REQUEST_TIMEOUT_MS = 2_500;

/**
 * Asks the server, over a connection of its own, to cancel the statement that a client runs. Unlike pg_cancel_backend, it
 * needs no free connection of the pool, and a pooler passes it on. If it fails, the statement ends with its timeout.
 */
function requestCancel({ host, port, ssl, sslNegotiation, processID, secretKey }: Target): void {
  if (processID === null || secretKey === null) return;
  const connection = new pg.Connection({ ssl, sslNegotiation } as pg.ConnectionConfig) as CancelConnection;
  const close = (): void => void connection.stream.destroy();
  const timer = setTimeout(close, REQUEST_TIMEOUT_MS).unref();
  // The server closes the connection without a response.
  connection.on('end', () => clearTimeout(timer));
  connection.on('error', close);
  connection.once(ssl ? 'sslconnect' : 'connect', () => connection.cancel(processID, secretKey));
  if (ssl && sslNegotiation !== 'direct') connection.once('connect', () => connection.requestSsl());
  if (host.startsWith('/')) connection.connect(`${host}/.s.PGSQL.${port}`);
  else connection.connect(port, host);
}

/**
 * Runs a statement on a connection of the pool, and has it cancelled when `signal` aborts: it then fails with query_canceled
 * (57014) as soon as Postgres has ended it. Throws the reason of the signal if that has aborted before.
 */
export async function queryUntilAborted(
  pool: pg.Pool,
  signal: AbortSignal,
  statement: unknown[],
): Promise<unknown> {
  const client = await pool.connect();
  const cancel = (): void => requestCancel(client as unknown as Target);
  signal.addEventListener('abort', cancel, { once: true });
  const query = client.query.bind(client) as (...args: unknown[]) => Promise<unknown>;
  let failed = true;
  try {
    signal.throwIfAborted();
    const result = await query(...statement);
    failed = false;
    return result;
  } finally {
    signal.removeEventListener('abort', cancel);
    // Closed after an abort: the request may arrive late, and must not cancel the next statement of the connection.
    client.release(failed || signal.aborted);
  }
}
