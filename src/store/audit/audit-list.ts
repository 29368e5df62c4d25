import type { Queryable } from '../postgres/database.ts';
import { maxId, minIdAt } from '../postgres/ids.ts';
import {
  allOf,
  MAX_ROWS_SCANNED,
  type Page,
  type PageRequest,
  pageOf,
  withParameters,
} from '../postgres/pages.ts';
import type { AuditActor, AuditEntry } from './audit-entries.ts';

export type AuditFilter = {
  /** The id of a key or session, or `admin`. */
  actor?: string | undefined;
  action?: string | undefined;
  /** The id of what was changed. */
  subject?: string | undefined;
  since?: Date | undefined;
  until?: Date | undefined;
};

// $1 id to go on before, $2 first id, $3 rows to scan, $4 actor, $5 action, $6 subject, $7 entries on a page, $8 project.
// The columns before the id are bounded from both sides for the reason given at alongIndex in delivery-lists.ts.
const PARAMETERS = ['text', 'text', 'int', 'text', 'text', 'text', 'int', 'text'];

const matches = ({ actor, action, subject }: AuditFilter): string =>
  allOf([
    actor !== undefined && `($4 IN (key_id, session_id) OR (actor = 'admin' AND $4 = 'admin'))`,
    action !== undefined && 'action = $5',
    subject !== undefined && 'subject_id = $6',
  ]);

const pageAmong = (scanned: string, filter: AuditFilter): string => `
  WITH ${withParameters(PARAMETERS)}, scanned AS MATERIALIZED (${scanned}), last AS (
    SELECT id FROM scanned OFFSET $3 - 1 LIMIT 1
  )
  SELECT e.id, e.project_id AS "projectId", e.at, e.actor AS kind, e.key_id AS "keyId", e.session_id AS "sessionId",
         e.consumer, e.action, e.subject_type AS "subjectType", e.subject_id AS "subjectId", e.fields, e.request_id AS "requestId", e.status,
         last.id AS "endPosition"
  FROM (SELECT) AS one LEFT JOIN last ON true LEFT JOIN LATERAL (
    SELECT * FROM scanned WHERE ${matches(filter)}
    ORDER BY id DESC
    LIMIT $7 + 1
  ) AS e ON true
  ORDER BY e.id DESC`;

const OF_ALL = `
  SELECT * FROM audit_entries WHERE id < $1 AND id >= $2 ORDER BY id DESC LIMIT $3`;
const OF_PROJECT = `
  SELECT * FROM audit_entries
  WHERE (project_id, id) < ($8, $1) AND (project_id, id) >= ($8, $2)
  ORDER BY project_id DESC, id DESC
  LIMIT $3`;
const OF_SUBJECT = `
  SELECT * FROM audit_entries
  WHERE (project_id, subject_id, id) < ($8, $6, $1) AND (project_id, subject_id, id) >= ($8, $6, $2)
  ORDER BY project_id DESC, subject_id DESC, id DESC
  LIMIT $3`;

type Row = Omit<AuditEntry, 'actor'> & AuditActor;

/**
 * Lists audit entries, newest first; `projectId` null: those of all projects. A page may hold fewer entries than its limit
 * and still have a next page: if the limit of scanned rows was reached.
 */
export async function listAuditEntries(
  db: Queryable,
  projectId: string | null,
  filter: AuditFilter,
  page: PageRequest,
): Promise<Page<AuditEntry>> {
  const { actor, action, subject, since, until } = filter;
  // Without a filter every scanned row matches, so a page needs no more than its limit and one row beyond.
  const isFiltered = [actor, action, projectId === null ? subject : undefined].some(
    (one) => one !== undefined,
  );
  const end = until ? minIdAt('aud', until.getTime()) : maxId('aud');
  const after = page.after?.[0] ?? end;
  const values = [
    after < end ? after : end,
    since ? minIdAt('aud', since.getTime()) : 'aud_',
    isFiltered ? MAX_ROWS_SCANNED : page.limit + 1,
    ...[actor ?? null, action ?? null, subject ?? null, page.limit, projectId],
  ];
  const ofProject = subject === undefined ? OF_PROJECT : OF_SUBJECT;
  const text = pageAmong(projectId === null ? OF_ALL : ofProject, filter);
  const { rows } = await db.query<Row & { endPosition: string | null }>(text, values);
  const { endPosition } = rows[0]!;
  const entries = rows.filter(({ id }) => id !== null).map(entryOf);
  if (entries.length > page.limit) return pageOf(entries, page.limit, ({ id }) => [id]);
  return { items: entries, next: endPosition === null ? null : [endPosition] };
}

const entryOf = ({
  kind,
  keyId,
  sessionId,
  consumer,
  endPosition: _,
  ...entry
}: Row & { endPosition: string | null }): AuditEntry => ({
  ...entry,
  actor: { kind, keyId, sessionId, consumer },
});
