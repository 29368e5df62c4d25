export type HeaderRow = { name: string; value: string };

const isEmpty = ({ name, value }: HeaderRow): boolean => name.trim() === '' && value === '';

/** The member of the API; null if there are none. */
export function headersOf(rows: HeaderRow[]): Record<string, string> | null {
  const written = rows.filter((row) => !isEmpty(row));
  return written.length === 0
    ? null
    : Object.fromEntries(written.map(({ name, value }) => [name.trim(), value.trim()]));
}

/** What is wrong with a row that the API could not see: an object has each name once. */
export function rowProblem(rows: HeaderRow[], index: number): string | undefined {
  const row = rows[index]!;
  if (isEmpty(row)) return undefined;
  const name = row.name.trim().toLowerCase();
  if (name === '') return 'It has no name.';
  if (row.value.trim() === '') return 'It has no value.';
  const isFirst = rows.findIndex((other) => other.name.trim().toLowerCase() === name) === index;
  return isFirst ? undefined : 'The name comes twice.';
}

/** The place of a header in the body of a call. */
export const headerPointer = ({ name }: HeaderRow): string =>
  `/headers/${name.trim().replaceAll('~', '~0').replaceAll('/', '~1')}`;
