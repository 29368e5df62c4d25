import type { RecordedRequest } from './trial-receiver.ts';

/** Rows whose first columns are as wide as the widest; the last is as it is. */
export function alignColumns(rows: string[][], indent: string): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) => {
    const cells = row.map((cell, column) =>
      column === row.length - 1 ? cell : cell.padEnd(widths[column]!),
    );
    return `${indent}${cells.join('   ').trimEnd()}`;
  });
}

/** What the receiver saw, and what it thought of it. */
export function formatRequest({ headers, body, verified, responseStatus }: RecordedRequest): string[] {
  return [
    ...alignColumns(headers, '    '),
    `    ${body.toString('utf8')}`,
    `    signature ${verified ? 'verified' : 'WRONG'}, answered ${responseStatus}`,
  ].map(withoutControls);
}

/** A terminal obeys control characters, and a body may hold U+007F to U+009F as they are. */
const withoutControls = (line: string): string => line.replaceAll(/\p{Cc}/gu, '·');
