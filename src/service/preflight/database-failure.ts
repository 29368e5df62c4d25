import { isFileError } from '../../embedded/data-dir/data-dir.ts';
import { sqlState } from '../../store/postgres/database.ts';
import { describeFileError, errorCodeOf, StartFailure } from '../start-failure.ts';

/** Says in words why a database cannot be used, by the variable that holds its URL. Never shows the password. */
export function databaseFailure(error: unknown, url: string, variable: string): StartFailure {
  if (error instanceof StartFailure) return error;
  const place = placeOf(url);
  const words =
    sqlFailure(error, place) ??
    networkFailure(error, place) ??
    tlsFailure(error, place) ??
    otherFailure(error, place);
  return new StartFailure(`${variable}: ${words}`, { cause: error });
}

type Place = { at: string; host: string; user: string; database: string };

/** As pg reads a URL: parameters of the query come before the parts of the address. */
function placeOf(url: string): Place {
  const { hostname, port, username, pathname, searchParams } = new URL(url);
  const part = (name: string, fallback: string) => searchParams.get(name) ?? decodeURIComponent(fallback);
  const host = part('host', hostname.replace(/^\[|\]$/g, '')) || 'localhost';
  const user = part('user', username) || (process.env.PGUSER ?? process.env.USER ?? '');
  return {
    at: `${host}:${part('port', port) || '5432'}`,
    host,
    user,
    database: part('dbname', pathname.slice(1)) || user,
  };
}

function sqlFailure(error: unknown, { at, user, database }: Place): string | undefined {
  const message = error instanceof Error ? error.message : '';
  switch (sqlState(error)) {
    case undefined:
      return undefined;
    case '28P01':
      return `Postgres at ${at} refuses the user "${user}": wrong password, or no such user. Correct them in the URL (a password with @ : / or % must be percent-encoded).`;
    case '28000':
      return /no encryption|SSL off/.test(message)
        ? `Postgres at ${at} does not let "${user}" in without TLS. Add ?sslmode=verify-full to the URL.`
        : `Postgres at ${at} does not let "${user}" in: ${message}. Correct the user in the URL, or the server's pg_hba.conf.`;
    case '3D000':
      return `there is no database "${database}" at ${at}. Make it ("CREATE DATABASE"), or correct the name in the URL.`;
    case '42501':
      return `the user "${user}" may not do what Posthorn needs in the database "${database}": ${message}. Make it the owner of the database.`;
    case '25006':
      return `the database "${database}" at ${at} is read-only (a standby?). Give the address of the primary.`;
    case '53300':
      return `Postgres at ${at} has no connection left: ${message}. Raise its max_connections, or stop what uses them.`;
    case '57P03':
      return `Postgres at ${at} is not ready: ${message}. Start Posthorn when it is.`;
    case '53100':
      return `Postgres at ${at} has no disk space left: ${message}. Make room there.`;
    default:
      return `Postgres at ${at} answers: ${message}.`;
  }
}

function networkFailure(error: unknown, { at, host }: Place): string | undefined {
  const first = firstOf(error);
  const isFile = isFileError(first) && (first as NodeJS.ErrnoException).syscall !== 'connect';
  const code = isFile ? undefined : errorCodeOf(first);
  switch (code) {
    case 'ECONNREFUSED':
      return `nothing listens at ${at} (connection refused). Start Postgres there, or correct host and port in the URL.`;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `the host name ${host} cannot be resolved (${code}). Correct it in the URL, or look at the DNS of this machine.`;
    case 'ENOENT':
      return `there is no socket of a Postgres in ${host}. Start Postgres there, or correct the URL.`;
    case 'ETIMEDOUT':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'EADDRNOTAVAIL':
    case 'EACCES':
      return `${at} cannot be reached (${code}). Correct host and port in the URL, or look for a firewall between.`;
    default:
      return undefined;
  }
}

/** Every address of a name was tried: what the first of them said. */
const firstOf = (error: unknown): unknown => (error instanceof AggregateError ? error.errors[0] : error);

const CERTIFICATE = /^(DEPTH_ZERO_|SELF_SIGNED|UNABLE_TO_|CERT_|ERR_TLS_CERT|HOSTNAME_MISMATCH|INVALID_CA)/;

function tlsFailure(error: unknown, { at }: Place): string | undefined {
  const [code, message] = [errorCodeOf(error) ?? '', error instanceof Error ? error.message : ''];
  if (/does not support SSL/.test(message))
    return `Postgres at ${at} offers no TLS, which the URL asks for. Remove sslmode from the URL, or turn on ssl there.`;
  if (/establishing an SSL connection/.test(message)) return notPostgres(at);
  if (CERTIFICATE.test(code))
    return `the certificate of Postgres at ${at} is not accepted (${code}). Name its CA with sslrootcert=/path/to/ca.pem in the URL, or correct the host.`;
  if (/^(ERR_SSL|ERR_TLS|EPROTO|ERR_OSSL)/.test(code))
    return `the TLS connection to ${at} failed (${code}). Look at sslmode, sslcert, sslkey and sslrootcert in the URL.`;
  return undefined;
}

function otherFailure(error: unknown, { at }: Place): string {
  const message = error instanceof Error ? error.message : String(error);
  if (isFileError(error))
    return `the file ${(error as NodeJS.ErrnoException).path} that the URL names cannot be read: ${describeFileError(error)}.`;
  if (/timeout/i.test(message))
    return `${at} does not answer within 5 s. Is that Postgres, or is a firewall between? Correct host and port in the URL.`;
  if (/terminated|ECONNRESET|EPIPE|ended/i.test(`${message} ${errorCodeOf(error)}`)) return notPostgres(at);
  if (/password must be a string/.test(message))
    return `Postgres at ${at} asks for a password, and the URL has none. Write postgres://user:password@host/database.`;
  return `Postgres at ${at} cannot be used: ${message}.`;
}

const notPostgres = (at: string): string =>
  `what answers at ${at} is not Postgres, or refused the connection. Correct host and port in the URL.`;
