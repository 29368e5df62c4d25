import { z } from 'zod';
import type { EndpointAction } from '../../store/endpoints/endpoint-status.ts';
import { mapOutage } from '../../store/postgres/map-outages.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { json, type Route, tenantRoute } from '../http/route.ts';
import { posthornId } from '../http/validation/fields.ts';
import { Problem } from '../problems/problem.ts';
import type { ProblemCode } from '../problems/problem-codes.ts';
import { endpointResponse } from './endpoint-response.ts';
import { endpoint } from './endpoint-schemas.ts';

type Described = { summary: string; description: string; problems: ProblemCode[] };

const GOES_ON = 'What is held for it goes on at its step, due now.';
const STOPS =
  'A POST that is under way is finished. What comes due from then on, and what is posted, is `held`.';

const ACTIONS: Record<EndpointAction, Described> = {
  pause: { summary: 'Pause an endpoint', description: STOPS, problems: ['endpoint_disabled'] },
  resume: { summary: 'End the pause of an endpoint', description: GOES_ON, problems: ['endpoint_disabled'] },
  disable: {
    summary: 'Disable an endpoint',
    description: `${STOPS} A paused one is then disabled. What a key of the project has disabled, no key of the consumer can enable.`,
    problems: [],
  },
  enable: {
    summary: 'Enable a disabled endpoint',
    description: GOES_ON,
    problems: ['endpoint_paused', 'endpoint_blocked'],
  },
};

export function endpointStateRoutes({ endpointStates, secretBox }: ApiDependencies): Route[] {
  return Object.entries(ACTIONS).map(([name, { summary, description, problems }]) => {
    const action = name as EndpointAction;
    return tenantRoute({
      method: 'post',
      path: `/v1/endpoints/{id}/${action}`,
      operationId: `${action}Endpoint`,
      rateLimit: 'endpointChanges',
      tag: 'Endpoints',
      summary,
      description: `${description} Repeating the call changes nothing.`,
      access: 'consumer',
      params: z.object({ id: posthornId }),
      responses: { 200: { description: 'The endpoint as it is now', schema: endpoint } },
      problems,
      handle: async ({ tenant, params: { id } }) => {
        const answer = await mapOutage(endpointStates.changeState(tenant, id, action));
        if (answer.kind === 'not_found') throw new Problem('not_found');
        if (answer.kind === 'disabled_by_project') throw new Problem('endpoint_blocked');
        if (answer.kind === 'wrong_status') throw new Problem(`endpoint_${answer.status}`);
        return json(200, endpointResponse(secretBox, tenant, answer.endpoint));
      },
    });
  });
}
