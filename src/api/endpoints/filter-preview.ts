import { z } from 'zod';
import { compileFilter } from '../../filters/compile-filter.ts';
import { evaluateFilter, filterInput } from '../../filters/evaluate-filter.ts';
import type { TimeSlices } from '../../limits/time-slices.ts';
import { findEndpoint } from '../../store/endpoints/endpoints.ts';
import { recentEventsOf } from '../../store/events/recent-events.ts';
import { json, type Route, type TenantCall, tenantRoute } from '../http/route.ts';
import { posthornId, time } from '../http/validation/fields.ts';
import { canonicalJson } from '../idempotency/canonical-json.ts';
import { READ_PROBLEMS, type TenantReadPool } from '../limits/tenant-read-pool.ts';
import { invalidBody, Problem, prependPointer } from '../problems/problem.ts';
import { filter } from './endpoint-schemas.ts';

const params = z.object({ id: posthornId });

const previewRequest = z
  .strictObject({
    filter: filter.optional().meta({ description: 'Default: the filter of the endpoint' }),
    limit: z.int().min(1).max(100).optional().meta({ description: 'Events to compare. Default: 20' }),
  })
  .meta({ id: 'FilterPreviewRequest' });

const preview = z
  .object({
    items: z.array(
      z.object({
        id: z.string(),
        type: z.string(),
        createdAt: time,
        result: z.enum(['match', 'mismatch', 'too_costly']).meta({
          description: '`too_costly` events are sent, like those that match',
        }),
      }),
    ),
    matches: z.int(),
  })
  .meta({ id: 'FilterPreview' });

export function filterPreviewRoute(readPool: TenantReadPool, slicesOf: (group: string) => TimeSlices): Route {
  return tenantRoute({
    method: 'post',
    path: '/v1/endpoints/{id}/filter-preview',
    operationId: 'previewFilter',
    rateLimit: 'filterPreviews',
    tag: 'Endpoints',
    summary: 'Compare recent events with a filter',
    description:
      'Looks at the newest 1,000 events of the consumer, takes those that the endpoint subscribes to, up to `limit` and 4 MiB of data and attributes, and says which of them match. Nothing is changed or sent.',
    access: 'consumer',
    needs: 'payloads',
    params,
    body: previewRequest,
    bodyOptional: true,
    responses: { 200: { description: 'The events, newest first', schema: preview } },
    problems: [...READ_PROBLEMS],
    handle: previewFilter,
  });

  async function previewFilter({
    tenant,
    params: { id },
    body,
  }: TenantCall<{ params: typeof params; body: typeof previewRequest }>) {
    const db = readPool(tenant);
    const endpoint = await findEndpoint(db, tenant, id);
    if (!endpoint) throw new Problem('not_found');
    const wanted = body.filter ?? endpoint.filter ?? {};
    const compiled = await compileFilter(canonicalJson(wanted), tenant.projectId);
    if ('problems' in compiled) throw invalidBody(prependPointer('/filter', compiled.problems));
    const events = await recentEventsOf(db, tenant, endpoint, body.limit ?? 20);
    const slices = slicesOf(tenant.projectId);
    const items: z.output<typeof preview>['items'] = [];
    for (const event of events) {
      await slices.yieldIfDue();
      const { id: eventId, type, createdAt } = event;
      items.push({ id: eventId, type, createdAt, result: evaluateFilter(compiled, filterInput(event)) });
    }
    return json(200, { items, matches: items.filter(({ result }) => result !== 'mismatch').length });
  }
}
