import { isFileError } from '../../embedded/data-dir/data-dir.ts';
import { sqlState } from '../../store/postgres/database.ts';
import { describeFileError, errorCodeOf, StartFailure } from '../start-failure.ts';

/** Describes why the database at `url` cannot be used, naming its variable. The message never contains the password. */
export function databaseFailure(error: unknown, url: string, variable: string): StartFailure {
  if (error instanceof StartFailure) return error;
  const endpoint = endpointOf(url);
  const message =
    describeSqlError(error, endpoint) ??
    describeNetworkError(error, endpoint) ??
    describeTlsError(error, endpoint) ??
    describeOtherError(error, endpoint);
  return new StartFailure(`${variable}: ${message}`, { cause: error });
}

type Endpoint = { address: string; host: string; user: string; database: string };

/** As pg parses a URL: query parameters take precedence over the parts of the address. */
function endpointOf(url: string): Endpoint {
  const { hostname, port, username, pathname, searchParams } = new URL(url);
  const part = (name: string, fallback: string) => searchParams.get(name) ?? decodeURIComponent(fallback);
  const host = part('host', hostname.replace(/^\[|\]$/g, '')) || 'localhost';
  const user = part('user', username) || (process.env.PGUSER ?? process.env.USER ?? '');
  return {
    address: `${host}:${part('port', port) || '5432'}`,
    host,
    user,
    database: part('dbname', pathname.slice(1)) || user,
  };
}

function describeSqlError(error: unknown, { address, user, database }: Endpoint): string | undefined {
  const message = error instanceof Error ? error.message : '';
  switch (sqlState(error)) {
    case undefined:
      return undefined;
    case '28P01':
      return `Postgres at ${address} refuses the user "${user}": wrong password, or no such user. Correct them in the URL. In a password, the characters @ : / and % must be percent-encoded.`;
    case '28000':
      return /no encryption|SSL off/.test(message)
        ? `Postgres at ${address} does not accept "${user}" without TLS. Add ?sslmode=verify-full to the URL.`
        : `Postgres at ${address} does not accept "${user}": ${message}. Correct the user in the URL, or the server's pg_hba.conf.`;
    case '3D000':
      return `there is no database "${database}" at ${address}. Create it (CREATE DATABASE), or correct the name in the URL.`;
    case '42501':
      return `the user "${user}" lacks a permission that Posthorn needs in the database "${database}": ${message}. Make it the owner of the database.`;
    case '25006':
      return `the database "${database}" at ${address} is read-only, so it may be a standby. Set the address of the primary.`;
    case '53300':
      return `Postgres at ${address} has no free connection: ${message}. Raise its max_connections, or close other connections.`;
    case '57P03':
      return `Postgres at ${address} is not ready: ${message}. Start Posthorn again when it is.`;
    case '53100':
      return `Postgres at ${address} has no disk space left: ${message}. Free disk space there.`;
    default:
      return `Postgres at ${address} reports: ${message}.`;
  }
}

function describeNetworkError(error: unknown, { address, host }: Endpoint): string | undefined {
  const first = firstOf(error);
  const isFile = isFileError(first) && (first as NodeJS.ErrnoException).syscall !== 'connect';
  const code = isFile ? undefined : errorCodeOf(first);
  switch (code) {
    case 'ECONNREFUSED':
      return `nothing listens at ${address} (connection refused). Start Postgres there, or correct host and port in the URL.`;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `the host name ${host} cannot be resolved (${code}). Correct it in the URL, or check the DNS of this machine.`;
    case 'ENOENT':
      return `there is no socket of Postgres in ${host}. Start Postgres there, or correct the URL.`;
    case 'ETIMEDOUT':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'EADDRNOTAVAIL':
    case 'EACCES':
      return `${address} cannot be reached (${code}). Correct host and port in the URL, or check for a firewall in between.`;
    default:
      return undefined;
  }
}

/** If several addresses of a name were tried, the error of the first. */
const firstOf = (error: unknown): unknown => (error instanceof AggregateError ? error.errors[0] : error);

const CERTIFICATE = /^(DEPTH_ZERO_|SELF_SIGNED|UNABLE_TO_|CERT_|ERR_TLS_CERT|HOSTNAME_MISMATCH|INVALID_CA)/;

function describeTlsError(error: unknown, { address }: Endpoint): string | undefined {
  const [code, message] = [errorCodeOf(error) ?? '', error instanceof Error ? error.message : ''];
  if (/does not support SSL/.test(message))
    return `Postgres at ${address} does not support TLS, which the URL requires. Remove sslmode from the URL, or turn on ssl in Postgres.`;
  if (/establishing an SSL connection/.test(message)) return notPostgres(address);
  if (CERTIFICATE.test(code))
    return `the certificate of Postgres at ${address} is not accepted (${code}). Set its CA with sslrootcert=/path/to/ca.pem in the URL, or correct the host.`;
  if (/^(ERR_SSL|ERR_TLS|EPROTO|ERR_OSSL)/.test(code))
    return `the TLS connection to ${address} failed (${code}). Check sslmode, sslcert, sslkey and sslrootcert in the URL.`;
  return undefined;
}

function describeOtherError(error: unknown, { address }: Endpoint): string {
  const message = error instanceof Error ? error.message : String(error);
  if (isFileError(error))
    return `the file ${(error as NodeJS.ErrnoException).path} in the URL cannot be read: ${describeFileError(error)}.`;
  if (/timeout/i.test(message))
    return `${address} does not respond within 5 s. It may not be Postgres, or a firewall may be in between. Correct host and port in the URL.`;
  if (/terminated|ECONNRESET|EPIPE|ended/i.test(`${message} ${errorCodeOf(error)}`))
    return notPostgres(address);
  if (/password must be a string/.test(message))
    return `Postgres at ${address} requires a password, and the URL has none. Use postgres://user:password@host/database.`;
  return `Postgres at ${address} cannot be used: ${message}.`;
}

const notPostgres = (address: string): string =>
  `the server at ${address} is not Postgres, or closed the connection. Correct host and port in the URL.`;
