import { z } from 'zod';
import type { EndpointAction } from '../../store/endpoints/endpoint-status.ts';
import { mapOutage } from '../../store/postgres/map-outages.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { json, type Route, type TenantCall, tenantRoute } from '../http/route.ts';
import { posthornId } from '../http/validation/fields.ts';
import { Problem } from '../problems/problem.ts';
import type { ProblemCode } from '../problems/problem-codes.ts';
import { endpointResponse } from './endpoint-response.ts';
import { endpoint } from './endpoint-schemas.ts';

const params = z.object({ id: posthornId });

type ActionDocs = { summary: string; description: string; problems: ProblemCode[] };

const RELEASES = 'Held deliveries become due now, at the step they had reached.';
const HOLDS =
  'A POST in flight is finished. Deliveries that become due later, and deliveries of new events, are `held`.';

const ACTIONS: Record<EndpointAction, ActionDocs> = {
  pause: { summary: 'Pause an endpoint', description: HOLDS, problems: ['endpoint_disabled'] },
  resume: { summary: 'Resume a paused endpoint', description: RELEASES, problems: ['endpoint_disabled'] },
  disable: {
    summary: 'Disable an endpoint',
    description: `${HOLDS} A paused endpoint becomes disabled. A consumer key cannot enable an endpoint that a project key disabled.`,
    problems: [],
  },
  enable: {
    summary: 'Enable a disabled endpoint',
    description: RELEASES,
    problems: ['endpoint_paused', 'endpoint_blocked'],
  },
};

export function endpointStateRoutes({ endpointStates, secretBox, clock }: ApiDependencies): Route[] {
  const actions = ['pause', 'resume', 'disable', 'enable'] as const satisfies EndpointAction[];
  return actions.map((action) => {
    const { summary, description, problems } = ACTIONS[action];
    return tenantRoute({
      method: 'post',
      path: `/v1/endpoints/{id}/${action}`,
      operationId: `${action}Endpoint`,
      rateLimit: 'endpointChanges',
      tag: 'Endpoints',
      summary,
      description: `${description} Idempotent.`,
      access: 'consumer',
      needs: 'endpoints',
      params,
      responses: { 200: { description: 'The updated endpoint', schema: endpoint } },
      problems,
      handle: (call) => changeState(call, action),
    });
  });

  async function changeState(
    { tenant, params: { id } }: TenantCall<{ params: typeof params }>,
    action: EndpointAction,
  ) {
    const result = await mapOutage(endpointStates.changeState(tenant, id, action));
    if (result.kind === 'not_found') throw new Problem('not_found');
    if (result.kind === 'disabled_by_project') throw new Problem('endpoint_blocked');
    if (result.kind === 'wrong_status') throw new Problem(`endpoint_${result.status}`);
    return json(200, endpointResponse({ secretBox, clock }, tenant, result.endpoint));
  }
}
