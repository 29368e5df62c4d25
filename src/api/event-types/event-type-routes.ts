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
import { countSubscribers } from '../../store/projects/subscribers.ts';
import type { Authentication } from '../auth/authentication.ts';
import type { Tenant } from '../auth/tenant.ts';
import type { ApiDependencies } from '../dependencies.ts';
import type { JsonDocument } from '../http/body/json-document.ts';
import { pageRequest } from '../http/cursor.ts';
import { pageTextResponse } from '../http/page-response.ts';
import { jsonText, noContent, type Route, type TenantCall, tenantRoute } from '../http/route.ts';
import { name, pageQuery, pageSchema } from '../http/validation/fields.ts';
import { READ_PROBLEMS, type TenantReadPool } from '../limits/tenant-read-pool.ts';
import { Problem } from '../problems/problem.ts';
import { catalogueWarnings } from './catalogue-warnings.ts';
import { changedEventType, eventType, eventTypeFigures, eventTypeSettings } from './event-type-schemas.ts';
import { previewEventTypeRoute } from './preview-route.ts';
import { requireUsableEventType } from './require-usable-event-type.ts';

const tag = 'Event types';

const listEventTypesQuery = z.strictObject({ ...pageQuery, figures: eventTypeFigures });
const getEventTypeQuery = z.strictObject({ figures: eventTypeFigures });
const params = z.object({ type: name });

export function eventTypeRoutes(
  { pool, clock }: ApiDependencies,
  authentication: Authentication,
  readPool: TenantReadPool,
): Route[] {
  return [
    tenantRoute({
      method: 'get',
      path: '/v1/event-types',
      operationId: 'listEventTypes',
      tag,
      summary: 'List event types, by name',
      description: "The event types of the profile. The project's own event types override them.",
      access: 'consumer',
      query: listEventTypesQuery,
      responses: { 200: { description: 'A page of event types', schema: pageSchema(eventType) } },
      problems: ['invalid_cursor', ...READ_PROBLEMS],
      handle: handleListEventTypes,
    }),
    tenantRoute({
      method: 'get',
      path: '/v1/event-types/{type}',
      operationId: 'getEventType',
      tag,
      summary: 'Get an event type',
      access: 'consumer',
      params,
      query: getEventTypeQuery,
      responses: { 200: { description: 'The event type', schema: eventType } },
      problems: READ_PROBLEMS,
      handle: getEventType,
    }),
    tenantRoute({
      method: 'put',
      path: '/v1/event-types/{type}',
      operationId: 'putEventType',
      rateLimit: 'eventTypeChanges',
      tag,
      summary: 'Create or update an event type',
      description:
        "Omitted members default to the profile's definition of the type. From now on, events whose data violates the schema are refused; events that were already accepted are kept.",
      access: 'project',
      params,
      body: eventTypeSettings,
      responses: { 200: { description: 'The updated event type', schema: changedEventType } },
      problems: ['catalogue_full', ...READ_PROBLEMS],
      handle: handlePutEventType,
    }),
    tenantRoute({
      method: 'delete',
      path: '/v1/event-types/{type}',
      operationId: 'deleteEventType',
      rateLimit: 'eventTypeChanges',
      tag,
      summary: 'Delete an event type of the project',
      description:
        "If the profile has a type of the same name, the profile's definition applies again. Endpoints keep their subscriptions, and events of the type are still accepted. Without any event type the project has no catalogue, and endpoints may subscribe to any type.",
      access: 'project',
      params,
      responses: { 204: { description: 'Deleted' } },
      handle: handleDeleteEventType,
    }),
    previewEventTypeRoute({ clock }),
  ];

  async function handleListEventTypes({ tenant, query }: TenantCall<{ query: typeof listEventTypesQuery }>) {
    const { figures, ...pageOfQuery } = query;
    const { limit, after } = pageRequest('id', pageOfQuery);
    const entries = await entriesOf(tenant);
    const rest = after === null ? entries : entries.filter(({ type }) => type > after[0]!);
    const page = pageOf(rest, limit, ({ type }) => [type]);
    return pageTextResponse('id', await entryTexts(tenant, page.items, figures), page.next);
  }

  async function getEventType({
    tenant,
    params: { type },
    query,
  }: TenantCall<{ params: typeof params; query: typeof getEventTypeQuery }>) {
    const entry = (await entriesOf(tenant)).find((entry) => entry.type === type);
    if (!entry) throw new Problem('not_found');
    return jsonText(200, (await entryTexts(tenant, [entry], query.figures))[0]!);
  }

  /** Read from Postgres, because the cached catalogue may be older than a change in another process. */
  async function entriesOf(tenant: Tenant): Promise<CatalogueEntry[]> {
    const own = await listEventTypes(readPool(tenant), tenant.projectId);
    return createCatalogue(tenant.profile.eventTypes, own).entries;
  }

  async function entryTexts(
    tenant: Tenant,
    entries: CatalogueEntry[],
    figures: 'endpoints' | undefined,
  ): Promise<string[]> {
    if (figures === undefined) return entries.map((entry) => entryText(entry));
    const types = entries.map(({ type }) => type);
    const subscribers = await countSubscribers(readPool(tenant), tenant, types);
    return entries.map((entry) => entryText(entry, { endpoints: subscribers.get(entry.type) ?? 0 }));
  }

  async function handlePutEventType({
    tenant,
    params: { type },
    body,
    document,
  }: TenantCall<{ params: typeof params; body: typeof eventTypeSettings }>) {
    const { projectId, profile } = tenant;
    const eventType: ProjectEventType = {
      type,
      description: body.description,
      schema: textOf('schema', document),
      example: textOf('example', document),
      exampleAttributes: body.exampleAttributes ?? null,
    };
    const schemaSize = await requireUsableEventType(profile, eventType, projectId);
    if (!(await mapOutage(putEventType(pool, projectId, { ...eventType, schemaSize }))))
      throw new Problem('catalogue_full');
    authentication.invalidate(projectId);
    // Read again, to include event types that other calls have added meanwhile.
    const catalogue = createCatalogue(profile.eventTypes, await listEventTypes(readPool(tenant), projectId));
    const entry = createCatalogue(profile.eventTypes, [eventType]).entries.find(
      (entry) => entry.type === type,
    )!;
    const warnings = await catalogueWarnings(readPool(tenant), projectId, catalogue);
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

/** The bytes of a body member; null if it is omitted. */
function textOf(member: string, { bytes, members }: JsonDocument): string | null {
  const found = members.find(({ name }) => name === member);
  return found ? bytes.toString('utf8', found.start, found.end) : null;
}

/** Returns an event type as JSON text. JSON.stringify would change numbers in stored schemas and examples. */
function entryText({ schema, example, ...entry }: CatalogueEntry, figures?: { endpoints: number }): string {
  return `${JSON.stringify({ ...entry, ...figures }).slice(0, -1)},"schema":${schema},"example":${example}}`;
}
