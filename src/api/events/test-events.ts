import { z } from 'zod';
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
import { composeDraft } from './event-drafts.ts';
import { acceptedEvent, event, newTestEvent, waitQuery } from './event-schemas.ts';

type Example = { type: string; data: Buffer; attributes: Record<string, string> };

/** Sent if no type in the catalogue has an example, or if there is no catalogue. */
const WITHOUT_CATALOGUE: Example = {
  type: 'posthorn.test',
  data: Buffer.from('{"test":true}'),
  attributes: {},
};

const params = z.object({ id: posthornId });

export function testEventRoute(deps: ApiDependencies, db: Queryable): Route {
  const acceptEvent = createAcceptEvent(deps, db);
  return tenantRoute({
    method: 'post',
    path: '/v1/endpoints/{id}/test',
    operationId: 'testEndpoint',
    rateLimit: 'testEvents',
    tag: 'Endpoints',
    summary: 'Send a test event to an endpoint',
    description:
      'Sends the example of the type to this endpoint only, whether it subscribes to the type or not. The test event is processed exactly like a real event.',
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
    problems: ['data_not_representable'],
    handle: testEndpoint,
  });

  async function testEndpoint(
    call: TenantCall<{
      params: typeof params;
      query: typeof waitQuery;
      body: typeof newTestEvent;
    }>,
  ) {
    const { tenant, params, body } = call;
    const endpoint = await findEndpoint(db, tenant, params.id);
    if (!endpoint) throw new Problem('not_found');
    await deps.clock.whenSynced();
    const at = new Date(deps.clock.now());
    return acceptEvent(call, testDraft(tenant, endpoint, exampleOf(tenant, body.type), at));
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
