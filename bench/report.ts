import type { Row, Table } from './bench.ts';
import type { Machine } from './machine.ts';

/** The header of a report: the machine, the versions and the arrangement. */
export function formatHeader({
  date,
  processor,
  memoryGb,
  system,
  node,
  packages,
  loadBefore,
}: Machine): string {
  const versions = Object.entries(packages).map(([name, version]) => `${name} ${version}`);
  return [
    `${date}, ${processor}, ${memoryGb} GB, ${system}, load average before ${loadBefore}`,
    `Node ${node}, ${versions.join(', ')}`,
    'Everything on this machine: Posthorn (API and worker in one process), embedded Postgres with fsync on, Temporal',
    'dev server on SQLite, load generator and receiver. Events of 1,024 bytes; the receiver responds 204 at once.',
  ].join('\n');
}

/** Formats a table as Markdown. */
export function formatTable({ title, rows }: Table): string {
  const names = Object.keys(rows[0] ?? {});
  const cells = [names, names.map(() => '---'), ...rows.map((row) => names.map((name) => cellOf(row, name)))];
  return `### ${title}\n\n${cells.map((line) => `| ${line.join(' | ')} |`).join('\n')}\n`;
}

function cellOf(row: Row, name: string): string {
  const value = row[name] ?? '';
  return typeof value === 'number' ? value.toLocaleString('en') : value;
}
