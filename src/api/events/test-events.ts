import { z } from 'zod';
import type { TimeSlices } from '../../limits/time-slices.ts';
import { type Endpoint, findEndpoint } from '../../store/endpoints/endpoints.ts';
import type { EventDraft } from '../../store/events/event-draft.ts';
import type { Queryable } from '../../store/postgres/database.ts';
import { newId } from '../../store/postgres/ids.ts';
import type { Tenant } from '../auth/tenant.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { type Route, type TenantCall, tenantRoute } from '../http/route.ts';
import { posthornId } from '../http/validation/fields.ts';
import { invalidBody, Problem } from '../problems/problem.ts';
import { createAcceptEvent } from './accept-event.ts';
import { composeDraft, rawData } from './event-drafts.ts';
import { acceptedEvent, event, newTestEvent, waitQuery } from './event-schemas.ts';
import { requireValidData } from './validate-data.ts';

type Example = { type: string; data: Buffer; attributes: Record<string, string> };

/** Sent if no type in the catalogue has an example, or if there is no catalogue. */
const WITHOUT_CATALOGUE: Example = {
  type: 'posthorn.test',
  data: Buffer.from('{"test":true}'),
  attributes: {},
};

const params = z.object({ id: posthornId });

export function testEventRoute(
  deps: ApiDependencies,
  db: Queryable,
  slicesOf: (group: string) => TimeSlices,
): Route {
  const acceptEvent = createAcceptEvent(deps, db);
  return tenantRoute({
    method: 'post',
    path: '/v1/endpoints/{id}/test',
    operationId: 'testEndpoint',
    rateLimit: 'testEvents',
    tag: 'Endpoints',
    summary: 'Send a test event to an endpoint',
    description:
      'Sends the example of the type, or `data`, to this endpoint only, whether it subscribes to the type or not. The test event is processed exactly like a real event.',
    access: 'consumer',
    needs: 'test',
    params,
    query: waitQuery,
    body: newTestEvent,
    bodyOptional: true,
    responses: {
      200: { description: 'With `wait`: the delivery has settled', schema: event },
      202: { description: 'Stored', schema: acceptedEvent },
    },
    problems: ['data_not_representable', 'data_not_valid'],
    handle: testEndpoint,
  });

  async function testEndpoint(
    call: TenantCall<{
      params: typeof params;
      query: typeof waitQuery;
      body: typeof newTestEvent;
    }>,
  ) {
    const { tenant, params, body, document } = call;
    const endpoint = await findEndpoint(db, tenant, params.id);
    if (!endpoint) throw new Problem('not_found');
    const data = rawData(document);
    if (data && tenant.consumer !== null)
      throw new Problem('forbidden', 'Only a project key can choose the data of a test event.');
    await deps.clock.whenSynced();
    const at = new Date(deps.clock.now());
    const example = data ? ownExample(tenant, body.type, data) : exampleOf(tenant, body.type);
    const draft = testDraft(tenant, endpoint, example, at);
    const validatable = { draft, parseData: () => body.data, pointer: '' };
    if (data) await requireValidData(db, tenant, [validatable], slicesOf(tenant.projectId));
    return acceptEvent(call, draft);
  }
}

function testDraft(
  tenant: Tenant,
  endpoint: Endpoint,
  { type, data, attributes }: Example,
  createdAt: Date,
): EventDraft {
  return composeDraft(tenant, {
    id: newId('evt', createdAt.getTime()),
    type,
    consumer: endpoint.consumer,
    attributes,
    data,
    target: null,
    endpoint: endpoint.id,
    test: true,
    createdAt,
  });
}

/** Data of the caller, with the attributes that the example of its type has. */
function ownExample(tenant: Tenant, type: string | undefined, data: Buffer): Example {
  const known = type ?? exampleOf(tenant, undefined).type;
  return { type: known, data, attributes: tenant.catalogue.example(known)?.attributes ?? {} };
}

/** Returns the example of `type`; without a type, the profile's first example or else the catalogue's first. Throws invalid_body if `type` has none. */
function exampleOf({ profile, catalogue }: Tenant, type: string | undefined): Example {
  const types = [
    ...profile.eventTypes.map(({ name }) => name),
    ...catalogue.entries.map((entry) => entry.type),
  ];
  for (const candidate of type === undefined ? types : [type]) {
    const example = catalogue.example(candidate);
    if (example) return { type: candidate, ...example };
  }
  if (type === undefined || type === WITHOUT_CATALOGUE.type) return WITHOUT_CATALOGUE;
  throw invalidBody([{ pointer: '/type', detail: 'has no example in the catalogue' }]);
}
