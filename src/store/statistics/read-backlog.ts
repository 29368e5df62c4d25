import type { Queryable } from '../postgres/database.ts';
import { scopeKey } from './spans.ts';

export type EndpointBacklog = {
  endpoint: string;
  pending: number;
  retrying: number;
  held: number;
  oldestOpenAt: Date;
};

export type Backlog = {
  pending: number;
  retrying: number;
  held: number;
  oldestOpenAt: Date | null;
  oldestUnattemptedAt: Date | null;
  /** How many deliveries are due by the start of each five minutes, in seconds since 1970. */
  due: Map<number, number>;
  endpoints: EndpointBacklog[];
};

type Row = {
  pending: number;
  retrying: number;
  held: number;
  oldestOpenAt: Date;
  oldestUnattemptedAt: Date | null;
  due: Record<string, number>;
  endpoints: (Omit<EndpointBacklog, 'oldestOpenAt'> & { oldestOpenAt: string })[];
};

const COLUMNS = `
  pending, retrying, held, oldest_open_at AS "oldestOpenAt", oldest_unattempted_at AS "oldestUnattemptedAt", due, endpoints`;
const OF_SCOPE = `SELECT ${COLUMNS} FROM backlog WHERE project_id = $1 AND scope = $2`;
// Not those of the hidden projects of operational endpoints.
const OF_ALL = `
  SELECT ${COLUMNS} FROM backlog JOIN projects ON projects.id = backlog.project_id
  WHERE scope = '' AND projects.operational_of IS NULL`;
const MEASURED_AT = `SELECT backlog_measured_at AS at FROM statistics_state`;

/** The endpoints that are listed. */
const ENDPOINTS = 20;

/**
 * Returns what was open when it was last counted: in a project, of one of its consumers, or in all projects. Null before the
 * first count.
 */
export async function readBacklog(
  db: Queryable,
  scope: { projectId: string; consumer: string | null } | null,
): Promise<{ measuredAt: Date; backlog: Backlog } | null> {
  const measuredAt = (await db.query<{ at: Date | null }>(MEASURED_AT)).rows[0]!.at;
  if (!measuredAt) return null;
  const { rows } = scope
    ? await db.query<Row>(OF_SCOPE, [
        scope.projectId,
        scopeKey(scope.consumer === null ? { kind: 'project' } : { kind: 'consumer', id: scope.consumer }),
      ])
    : await db.query<Row>(OF_ALL);
  return { measuredAt, backlog: sumOf(rows) };
}

function sumOf(rows: Row[]): Backlog {
  const due = new Map<number, number>();
  for (const row of rows)
    for (const [second, n] of Object.entries(row.due))
      due.set(Number(second), (due.get(Number(second)) ?? 0) + n);
  const endpoints = rows
    .flatMap((row) => row.endpoints)
    .sort((a, b) => openOf(b) - openOf(a) || (a.endpoint < b.endpoint ? -1 : 1))
    .slice(0, ENDPOINTS);
  const total = (count: (row: Row) => number) => rows.reduce((sum, row) => sum + count(row), 0);
  return {
    pending: total(({ pending }) => pending),
    retrying: total(({ retrying }) => retrying),
    held: total(({ held }) => held),
    oldestOpenAt: earliest(rows.map(({ oldestOpenAt }) => oldestOpenAt)),
    oldestUnattemptedAt: earliest(rows.map(({ oldestUnattemptedAt }) => oldestUnattemptedAt)),
    due,
    endpoints: endpoints.map((one) => ({ ...one, oldestOpenAt: new Date(one.oldestOpenAt) })),
  };
}

const openOf = ({ pending, retrying, held }: { pending: number; retrying: number; held: number }): number =>
  pending + retrying + held;

const earliest = (times: (Date | null)[]): Date | null =>
  times.reduce((first, time) => (first === null || (time !== null && time < first) ? time : first), null);
