import type { RecordedRequest } from './trial-receiver.ts';

/** Pads every column but the last to its widest cell. */
export function alignColumns(rows: string[][], indent: string): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) => {
    const cells = row.map((cell, column) =>
      column === row.length - 1 ? cell : cell.padEnd(widths[column]!),
    );
    return `${indent}${cells.join('   ').trimEnd()}`;
  });
}

/** The request as the receiver got it, its verdict on the signature, and its response. */
export function formatRequest({ headers, body, verified, responseStatus }: RecordedRequest): string[] {
  return [
    ...alignColumns(headers, '    '),
    `    ${body.toString('utf8')}`,
    `    signature ${verified ? 'verified' : 'WRONG'}, responded ${responseStatus}`,
  ].map(maskControls);
}

/** A terminal would execute control characters, and JSON may contain U+007F to U+009F unescaped. */
const maskControls = (line: string): string => line.replaceAll(/\p{Cc}/gu, '·');
