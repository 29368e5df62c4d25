/**
 * What the statements and their readers rely on, and a role or a database may have set otherwise (`ALTER ROLE … SET`):
 * every connection says it at its start, which goes before both. Only names that PostgreSQL 14 knows: an unknown one
 * is refused with the connection.
 */
export const PINNED_SETTINGS: Readonly<Record<string, string>> = {
  // Times as pg reads them: with another style it reads null, or the wrong month.
  DateStyle: 'ISO,MDY',
  IntervalStyle: 'postgres',
  TimeZone: 'UTC',
  client_encoding: 'UTF8',
  bytea_output: 'hex',
  // Less than 1 would round what a float8 says.
  extra_float_digits: '1',
  standard_conforming_strings: 'on',
  // Off, a null in an array parameter would be the text "NULL".
  array_nulls: 'on',
  transform_null_equals: 'off',
  quote_all_identifiers: 'off',
  // Above it, statements that meet on a row would fail instead of seeing what the other one wrote.
  default_transaction_isolation: 'read committed',
  default_transaction_read_only: 'off',
  default_transaction_deferrable: 'off',
  exit_on_error: 'off',
  // A server-wide `off` would lose what was answered with 202.
  synchronous_commit: 'on',
  // A pool has its own times for the first two. The connections that listen and lead are idle all the time.
  statement_timeout: '30000',
  idle_in_transaction_session_timeout: '10000',
  lock_timeout: '0',
  idle_session_timeout: '0',
};

/** The schema that the tables are in, unless the `options` of the URL name another one. */
const SEARCH_PATH = { search_path: 'public' };

const asOptions = (settings: Readonly<Record<string, string>>): string =>
  Object.entries(settings)
    .map(([name, value]) => `-c ${name}=${value.replaceAll(/[\\ ]/g, '\\$&')}`)
    .join(' ');

/**
 * The URL with the pinned settings in its `options`, which pg sends when it connects. Of what the URL brings itself
 * the search path counts: it comes after ours, all else before.
 */
export function withPinnedSettings(connectionString: string): string {
  // A bare % in a password makes pg encode the whole URL once more, our options with it.
  const url = new URL(connectionString.replaceAll(/%(?![0-9a-f]{2})/gi, '%25'));
  const own = url.searchParams.getAll('options');
  url.searchParams.set('options', [asOptions(SEARCH_PATH), ...own, asOptions(PINNED_SETTINGS)].join(' '));
  return url.toString();
}
