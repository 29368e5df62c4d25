import type { Queryable } from '../postgres/database.ts';
import { exactTime, type PageRequest, pageOf, parseSortKeyTime } from '../postgres/pages.ts';
import type { ScannedPage } from '../postgres/searches.ts';
import type { Consumer } from './consumers.ts';

// $1 project, $2 and $3 time and id to go on before, $4 consumers on a page, $5 rows to scan, $6 text. The last row that was
// scanned comes with the matches, because there may be more behind it.
const SEARCH = `
  WITH scanned AS MATERIALIZED (
    SELECT id, name, plan, created_at
    FROM consumers
    WHERE project_id = $1 AND created_at <= coalesce($2::timestamptz, 'infinity')
      AND ($2::timestamptz IS NULL OR (created_at, id) < ($2::timestamptz, $3::text))
    ORDER BY created_at DESC, id DESC
    LIMIT $5
  ), found AS (
    SELECT * FROM scanned WHERE strpos(lower(id), lower($6)) > 0 OR strpos(lower(name), lower($6)) > 0
    ORDER BY created_at DESC, id DESC
    LIMIT $4 + 1
  ), last AS (
    SELECT id, created_at FROM scanned ORDER BY created_at, id LIMIT 1
  )
  SELECT found.id, name, plan, found.created_at AS "createdAt", ${exactTime('found.created_at')} AS time,
         (SELECT count(*) FROM scanned)::int AS scanned,
         last.id AS "lastId", ${exactTime('last.created_at')} AS "lastTime"
  FROM last LEFT JOIN found ON true
  ORDER BY found.created_at DESC, found.id DESC`;

type Row = Consumer & { id: string | null; time: string; scanned: number; lastId: string; lastTime: string };

/** Consumers whose id or name contains a text, whatever the case of its letters, among the next `maxRows`. */
export async function searchConsumers(
  db: Queryable,
  projectId: string,
  text: string,
  page: PageRequest,
  maxRows: number,
): Promise<ScannedPage<Consumer>> {
  const [time = null, id = null] = page.after ?? [];
  const after = [time === null ? null : parseSortKeyTime(time), id];
  const { rows } = await db.query<Row>(SEARCH, [projectId, ...after, page.limit, maxRows, text]);
  const first = rows[0];
  if (!first) return { items: [], next: null, scanned: 0 };
  const found = rows.filter((row) => row.id !== null);
  const consumers = (some: Row[]): Consumer[] =>
    some.map(({ id, name, plan, createdAt }) => ({ id, name, plan, createdAt }));
  if (found.length > page.limit) {
    const { items, next } = pageOf(found, page.limit, (row) => [row.time, row.id]);
    return { items: consumers(items), next, scanned: first.scanned };
  }
  const next = first.scanned < maxRows ? null : [first.lastTime, first.lastId];
  return { items: consumers(found), next, scanned: first.scanned };
}
