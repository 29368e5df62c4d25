import { z } from 'zod';
import { type CatalogueEntry, createCatalogue } from '../../catalogue/catalogue.ts';
import { mapOutage } from '../../store/postgres/map-outages.ts';
import { pageOf } from '../../store/postgres/pages.ts';
import {
  deleteEventType,
  listEventTypes,
  type ProjectEventType,
  putEventType,
} from '../../store/projects/event-types.ts';
import type { Authentication } from '../auth/authentication.ts';
import type { ApiDependencies } from '../dependencies.ts';
import type { JsonDocument } from '../http/body/json-document.ts';
import { encodeCursor, pageRequest } from '../http/cursor.ts';
import { jsonText, noContent, type Route, type TenantCall, tenantRoute } from '../http/route.ts';
import { name, pageQuery, pageSchema } from '../http/validation/fields.ts';
import { READ_PROBLEMS, type TenantReadPool } from '../limits/tenant-read-pool.ts';
import { Problem } from '../problems/problem.ts';
import { requireUsableEventType } from './catalogue-rules.ts';
import { catalogueWarnings } from './catalogue-warnings.ts';
import { changedEventType, eventType, eventTypeSettings } from './event-type-schemas.ts';

const tag = 'Event types';

const listEventTypesQuery = z.strictObject(pageQuery);
const params = z.object({ type: name });

export function eventTypeRoutes(
  { pool }: ApiDependencies,
  authentication: Authentication,
  reads: TenantReadPool,
): Route[] {
  return [
    tenantRoute({
      method: 'get',
      path: '/v1/event-types',
      operationId: 'listEventTypes',
      tag,
      summary: 'List the catalogue of event types, by type',
      description: "The types of the project's profile, with the project's own over them.",
      access: 'consumer',
      query: listEventTypesQuery,
      responses: { 200: { description: 'A page of event types', schema: pageSchema(eventType) } },
      problems: ['invalid_cursor', ...READ_PROBLEMS],
      handle: handleListEventTypes,
    }),
    tenantRoute({
      method: 'put',
      path: '/v1/event-types/{type}',
      operationId: 'putEventType',
      rateLimit: 'eventTypeChanges',
      tag,
      summary: 'Make or change an event type of the project',
      description:
        "What is left out is the profile's, where it has the type. Data that does not fit the schema is refused from then on; what was accepted before stays.",
      access: 'project',
      params,
      body: eventTypeSettings,
      responses: { 200: { description: 'The event type as it is now', schema: changedEventType } },
      problems: ['catalogue_full', ...READ_PROBLEMS],
      handle: handlePutEventType,
    }),
    tenantRoute({
      method: 'delete',
      path: '/v1/event-types/{type}',
      operationId: 'deleteEventType',
      rateLimit: 'eventTypeChanges',
      tag,
      summary: 'Delete what the project says of an event type',
      description:
        'A type of the profile stays, as the profile has it. Endpoints keep their subscriptions, and events of the type are accepted as before. When no type is left, the project has no catalogue, and endpoints may subscribe to any type.',
      access: 'project',
      params,
      responses: { 204: { description: 'Deleted' } },
      handle: handleDeleteEventType,
    }),
  ];

  async function handleListEventTypes({ tenant, query }: TenantCall<{ query: typeof listEventTypesQuery }>) {
    const { projectId, profile } = tenant;
    const { limit, after } = pageRequest('id', query);
    // Read anew: another process may have changed it within the time that this one remembers.
    const { entries } = createCatalogue(profile.eventTypes, await listEventTypes(reads(tenant), projectId));
    const rest = after === null ? entries : entries.filter(({ type }) => type > after[0]!);
    const page = pageOf(rest, limit, ({ type }) => [type]);
    const next = page.next && encodeCursor('id', page.next);
    const items = page.items.map(entryText).join(',');
    return jsonText(200, `{"items":[${items}],"nextCursor":${JSON.stringify(next)}}`);
  }

  async function handlePutEventType({
    tenant,
    params: { type },
    body,
    document,
  }: TenantCall<{ params: typeof params; body: typeof eventTypeSettings }>) {
    const { projectId, profile } = tenant;
    const own: ProjectEventType = {
      type,
      description: body.description,
      schema: textOf('schema', document),
      example: textOf('example', document),
      exampleAttributes: body.exampleAttributes ?? null,
    };
    const schemaSize = await requireUsableEventType(profile, own, projectId);
    if (!(await mapOutage(putEventType(pool, projectId, { ...own, schemaSize }))))
      throw new Problem('catalogue_full');
    authentication.invalidate(projectId);
    // Read anew: what others have put meanwhile counts.
    const catalogue = createCatalogue(profile.eventTypes, await listEventTypes(reads(tenant), projectId));
    const entry = createCatalogue(profile.eventTypes, [own]).entries.find((one) => one.type === type)!;
    const warnings = await catalogueWarnings(reads(tenant), projectId, catalogue);
    return jsonText(200, `${entryText(entry).slice(0, -1)},"warnings":${JSON.stringify(warnings)}}`);
  }

  async function handleDeleteEventType({
    tenant: { projectId },
    params: { type },
  }: TenantCall<{ params: typeof params }>) {
    if (!(await mapOutage(deleteEventType(pool, projectId, type)))) throw new Problem('not_found');
    authentication.invalidate(projectId);
    return noContent();
  }
}

/** A member of the body as it was written; null when it is left out. */
function textOf(member: string, { bytes, members }: JsonDocument): string | null {
  const found = members.find(({ name }) => name === member);
  return found ? bytes.toString('utf8', found.start, found.end) : null;
}

/** JSON text of an entry; JSON.stringify would change numbers in what others have written. */
function entryText({ schema, example, ...entry }: CatalogueEntry): string {
  return `${JSON.stringify(entry).slice(0, -1)},"schema":${schema},"example":${example}}`;
}
