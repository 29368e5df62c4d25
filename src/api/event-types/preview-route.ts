import { z } from 'zod';
import type { ApiDependencies } from '../dependencies.ts';
import { rawData } from '../events/event-drafts.ts';
import { json, type Route, type TenantCall, tenantRoute } from '../http/route.ts';
import { name } from '../http/validation/fields.ts';
import { Problem } from '../problems/problem.ts';
import { previewOf } from '../profiles/profile-preview.ts';
import { newPreview, preview } from '../profiles/profile-schemas.ts';

const params = z.object({ type: name });

const newTypePreview = newPreview
  .pick({ data: true, attributes: true, consumer: true })
  .meta({ id: 'NewEventTypePreview' });

/** `POST /v1/event-types/{type}/preview`: the preview of a profile, for those who may only see their own project's. */
export function previewEventTypeRoute({ clock }: Pick<ApiDependencies, 'clock'>): Route {
  return tenantRoute({
    method: 'post',
    path: '/v1/event-types/{type}/preview',
    operationId: 'previewEventType',
    audited: false,
    rateLimit: 'profilePreviews',
    tag: 'Event types',
    summary: 'Preview the request that a receiver would get for an event of the type',
    description:
      "Under the project's profile. Nothing is sent or stored. Without `data`, the example of the type is used. With `data`, the event is composed, or refused, as if it were posted, except that its data is not validated against a schema. With a consumer key, the event is one of this consumer.",
    access: 'consumer',
    needs: 'view',
    params,
    body: newTypePreview,
    bodyOptional: true,
    responses: {
      200: { description: 'The body, the headers and the secret that signed them', schema: preview },
    },
    problems: ['data_not_representable'],
    handle: previewEventType,
  });

  async function previewEventType({
    tenant,
    params: { type },
    body,
    document,
  }: TenantCall<{ params: typeof params; body: typeof newTypePreview }>) {
    const { profile, catalogue, consumer: ownConsumer } = tenant;
    const { attributes, consumer = ownConsumer ?? undefined } = body;
    if (ownConsumer !== null && consumer !== ownConsumer)
      throw new Problem('forbidden', 'The key belongs to another consumer.');
    const input = { type, attributes, consumer };
    return json(200, previewOf(profile, catalogue, input, rawData(document), new Date(clock.now())));
  }
}
