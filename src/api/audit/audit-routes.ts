import type { AuditEntry } from '../../store/audit/audit-entries.ts';
import { listAuditEntries } from '../../store/audit/audit-list.ts';
import { pageRequest } from '../http/cursor.ts';
import { pageResponse } from '../http/page-response.ts';
import { type Route, type SharedCall, sharedRoute } from '../http/route.ts';
import { dateOf, pageSchema } from '../http/validation/fields.ts';
import { READ_PROBLEMS, type TenantReadPool } from '../limits/tenant-read-pool.ts';
import { auditEntry, listAuditQuery } from './audit-schemas.ts';

const ADMIN = { projectId: '', consumer: null };

export function auditRoutes(readPool: TenantReadPool): Route[] {
  return [
    sharedRoute({
      method: 'get',
      path: '/v1/audit',
      operationId: 'listAuditEntries',
      tag: 'Audit',
      summary: 'List the calls that changed something, newest first',
      description:
        'The calls about one project; with the admin key and no project, all calls. A page may contain fewer than `limit` entries and still have a `nextCursor` when a filter matches few of the entries scanned. Not in the trail: calls that post events, sign in or out, or report the response of a listener, and the previews of profiles and event types. Dry runs and previews of filters are.',
      access: 'shared',
      query: listAuditQuery,
      responses: { 200: { description: 'A page of entries', schema: pageSchema(auditEntry) } },
      problems: ['invalid_cursor', ...READ_PROBLEMS],
      handle: handleListAuditEntries,
    }),
  ];

  async function handleListAuditEntries({ tenant, query }: SharedCall<{ query: typeof listAuditQuery }>) {
    const { since, until, limit, cursor, ...filter } = query;
    const page = await listAuditEntries(
      readPool(tenant ?? ADMIN),
      tenant?.projectId ?? null,
      { ...filter, since: dateOf(since), until: dateOf(until) },
      pageRequest('id', { limit, cursor }),
    );
    return pageResponse('id', page.items.map(entryResponse), page.next);
  }
}

const entryResponse = ({
  id,
  at,
  projectId: project,
  actor,
  action,
  subjectType,
  subjectId,
  fields,
  requestId,
  status,
}: AuditEntry) => ({
  id,
  at,
  project,
  actor: { kind: actor.kind, key: actor.keyId, session: actor.sessionId, consumer: actor.consumer },
  action,
  subject: { type: subjectType, id: subjectId },
  fields,
  requestId,
  status,
});
