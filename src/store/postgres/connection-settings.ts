/**
 * Settings that the statements and the reading of their results rely on. A role or a database may have other values
 * (`ALTER ROLE … SET`), so every connection sets them when it starts, which takes precedence over both. Only settings of
 * PostgreSQL 14: with an unknown one, the server would reject the connection.
 */
export const PINNED_SETTINGS: Readonly<Record<string, string>> = {
  // The style that pg can parse; with another one it reads null, or the wrong month.
  DateStyle: 'ISO,MDY',
  IntervalStyle: 'postgres',
  TimeZone: 'UTC',
  client_encoding: 'UTF8',
  bytea_output: 'hex',
  // Below 1, float8 values would be rounded.
  extra_float_digits: '1',
  standard_conforming_strings: 'on',
  // If off, a null in an array parameter would become the text "NULL".
  array_nulls: 'on',
  transform_null_equals: 'off',
  quote_all_identifiers: 'off',
  // At a higher level, concurrent updates of a row would fail instead of seeing each other's result.
  default_transaction_isolation: 'read committed',
  default_transaction_read_only: 'off',
  default_transaction_deferrable: 'off',
  exit_on_error: 'off',
  // A connection keeps the plan that it made for a small table until the table is analysed again. With a scan of the table in
  // it, each flush would read all rows of a table that has grown since. A plan without a scan costs little more at first.
  enable_seqscan: 'off',
  // Statements on the hot path may have arrays of one or of hundreds of elements. For one, the planner expects more from a new
  // plan for each execution than the planning costs: a record of one outcome took 1.0 instead of 0.4 ms.
  plan_cache_mode: 'force_generic_plan',
  // Up to PostgreSQL 17, a scan that cannot be avoided would seem expensive enough to be compiled each time.
  jit: 'off',
  // With a server-wide `off`, a crash would lose events that got a 202.
  synchronous_commit: 'on',
  // A pool sets its own values for the first two. The connection that listens is idle most of the time.
  statement_timeout: '30000',
  idle_in_transaction_session_timeout: '10000',
  lock_timeout: '0',
  idle_session_timeout: '0',
};

/** The schema of the tables, unless the `options` of the URL set another one. */
const SEARCH_PATH = { search_path: 'public' };

const asOptions = (settings: Readonly<Record<string, string>>): string =>
  Object.entries(settings)
    .map(([name, value]) => `-c ${name}=${value.replaceAll(/[\\ ]/g, '\\$&')}`)
    .join(' ');

/**
 * Returns the URL with the pinned settings in its `options`, which pg sends when it connects. Of the URL's own options,
 * only the search path overrides ours.
 */
export function withPinnedSettings(connectionString: string): string {
  // With a bare % in the password, pg would encode the whole URL again, including our options.
  const url = new URL(connectionString.replaceAll(/%(?![0-9a-f]{2})/gi, '%25'));
  const optionsOfUrl = url.searchParams.getAll('options');
  url.searchParams.set(
    'options',
    [asOptions(SEARCH_PATH), ...optionsOfUrl, asOptions(PINNED_SETTINGS)].join(' '),
  );
  return url.toString();
}
