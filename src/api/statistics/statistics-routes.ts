import { readBacklog } from '../../store/statistics/read-backlog.ts';
import { readEndpointFigures, visibleEndpoints } from '../../store/statistics/read-endpoints.ts';
import { finestSpanOfTypes, readEventTypes } from '../../store/statistics/read-event-types.ts';
import { readAccepted, readFreshness, readTimeline } from '../../store/statistics/read-timeline.ts';
import {
  finestSpan,
  type Span,
  type StatisticsScope,
  type TenantScope,
} from '../../store/statistics/spans.ts';
import type { Tenant } from '../auth/tenant.ts';
import type { ApiDependencies } from '../dependencies.ts';
import {
  json,
  type Route,
  type SharedCall,
  sharedRoute,
  type TenantCall,
  tenantRoute,
} from '../http/route.ts';
import { READ_PROBLEMS, type TenantReadPool } from '../limits/tenant-read-pool.ts';
import { Problem } from '../problems/problem.ts';
import { backlogResponse } from './backlog-response.ts';
import { endpointItems } from './endpoint-items.ts';
import {
  backlog,
  endpointStatistics,
  endpointsQuery,
  eventTypeStatistics,
  eventTypesQuery,
  timeline,
  timelineQuery,
} from './statistics-schemas.ts';
import { timelineFigures, valuesAt } from './timeline-response.ts';
import { pointsIn, type Step, timelineWindow } from './timeline-window.ts';

const tag = 'Statistics';
const ADMIN = { projectId: '', consumer: null };

export function statisticsRoutes({ clock, config }: ApiDependencies, readPool: TenantReadPool): Route[] {
  return [
    tenantRoute({
      method: 'get',
      path: '/v1/statistics/timeline',
      operationId: 'getTimeline',
      tag,
      summary: 'Get attempts, deliveries and times over time',
      description:
        'Of the project, of a consumer or of an endpoint; of test events, too. What happened is counted within a few seconds: `settledUntil` says until when all is. A consumer key gets the figures of its consumer.',
      access: 'consumer',
      query: timelineQuery,
      responses: { 200: { description: 'The timeline', schema: timeline } },
      problems: ['window_required', 'too_many_points', ...READ_PROBLEMS],
      handle: getTimeline,
    }),
    tenantRoute({
      method: 'get',
      path: '/v1/statistics/endpoints',
      operationId: 'getEndpointStatistics',
      tag,
      summary: 'Get attempts over time of up to 50 endpoints',
      description: 'In the order of `ids`. Ids that are not endpoints of the caller are left out.',
      access: 'consumer',
      query: endpointsQuery,
      responses: { 200: { description: 'The figures of each endpoint', schema: endpointStatistics } },
      problems: ['window_required', 'too_many_points', ...READ_PROBLEMS],
      handle: getEndpointStatistics,
    }),
    tenantRoute({
      method: 'get',
      path: '/v1/statistics/event-types',
      operationId: 'getEventTypeStatistics',
      tag,
      summary: 'Get the number of accepted events by type',
      description:
        'The 1,000 types with the most events. The times are extended to whole steps of 5 minutes, hours or days: the finest with at most 180 steps that is kept. Of a consumer in whole days, and the first 100 types of each day. A consumer key gets the figures of its consumer.',
      access: 'consumer',
      query: eventTypesQuery,
      responses: { 200: { description: 'The types, the most events first', schema: eventTypeStatistics } },
      problems: ['window_required', ...READ_PROBLEMS],
      handle: getEventTypeStatistics,
    }),
    sharedRoute({
      method: 'get',
      path: '/v1/backlog',
      operationId: 'getBacklog',
      tag,
      summary: 'Get what is open, and when it is due',
      description:
        'Of the project or, with the key of a consumer, of the consumer; with the admin key and no project, of all projects. Open deliveries are counted at intervals: `measuredAt` says when.',
      access: 'any',
      responses: { 200: { description: 'The open deliveries', schema: backlog } },
      problems: READ_PROBLEMS,
      handle: getBacklog,
    }),
  ];

  async function windowOf(
    query: { from?: string | undefined; to?: string | undefined; step?: Step | undefined },
    finest: Span,
  ) {
    await clock.whenSynced();
    const now = clock.now();
    const window = timelineWindow({
      from: query.from === undefined ? Number.NaN : Date.parse(query.from),
      to: query.to === undefined ? now : Date.parse(query.to),
      step: query.step,
      finest,
      now,
      retentionMs: config.statisticsRetentionMs,
    });
    if (typeof window === 'string') throw new Problem(window);
    return window;
  }

  async function getTimeline({ tenant, query }: TenantCall<{ query: typeof timelineQuery }>) {
    const db = readPool(tenant);
    const scope = scopeOf(tenant, query);
    if (scope.kind === 'endpoint') await requireEndpoint(tenant, query.consumer, scope.id);
    const window = await windowOf(query, finestSpan(scope.kind));
    const { from, to, step } = window;
    const since = sinceOf(tenant, scope);
    const counted = await readTimeline(db, tenant.projectId, scope, window, since);
    const accepted =
      scope.kind === 'endpoint' ? null : await readAccepted(db, tenant.projectId, scope, window, since);
    const at = pointsIn(window);
    const figures = timelineFigures(at, counted);
    return json(200, {
      ...{ from, to, step },
      ...(await readFreshness(db, tenant.projectId)),
      at,
      accepted: accepted && valuesAt(at, accepted),
      ...figures,
      latencyMs: scope.kind === 'endpoint' ? null : figures.latencyMs,
    });
  }

  async function requireEndpoint(tenant: Tenant, consumer: string | undefined, id: string): Promise<void> {
    const scope = consumer === undefined ? tenant : { ...tenant, consumer };
    if ((await visibleEndpoints(readPool(tenant), scope, [id])).length === 0) throw new Problem('not_found');
  }

  async function getEndpointStatistics({ tenant, query }: TenantCall<{ query: typeof endpointsQuery }>) {
    const db = readPool(tenant);
    const window = await windowOf(query, finestSpan('endpoint'));
    const { from, to, step } = window;
    const endpoints = await visibleEndpoints(db, tenant, query.ids);
    const ids = endpoints.map(({ id }) => id);
    const figures = await readEndpointFigures(db, tenant.projectId, ids, window);
    const { settledUntil } = await readFreshness(db, tenant.projectId);
    const at = pointsIn(window);
    return json(200, { from, to, step, settledUntil, at, items: endpointItems(at, endpoints, figures) });
  }

  async function getEventTypeStatistics({ tenant, query }: TenantCall<{ query: typeof eventTypesQuery }>) {
    const db = readPool(tenant);
    const scope = tenantScopeOf(tenant, query.consumer);
    const window = await windowOf(query, finestSpanOfTypes(scope.kind));
    const { items, accepted } = await readEventTypes(
      db,
      tenant.projectId,
      scope,
      window,
      sinceOf(tenant, scope),
    );
    const { settledUntil } = await readFreshness(db, tenant.projectId);
    const others = accepted - items.reduce((sum, item) => sum + item.accepted, 0);
    return json(200, { from: window.from, to: window.to, settledUntil, items, others });
  }

  async function getBacklog({ tenant }: SharedCall) {
    return json(200, backlogResponse(await readBacklog(readPool(tenant ?? ADMIN), tenant)));
  }
}

/** What a timeline is about. Throws not_found if the key reaches another consumer only. */
function scopeOf(
  tenant: Tenant,
  { endpoint, consumer }: { endpoint?: string | undefined; consumer?: string | undefined },
): StatisticsScope {
  const ofTenant = tenantScopeOf(tenant, consumer);
  return endpoint === undefined ? ofTenant : { kind: 'endpoint', id: endpoint };
}

/** The same, where it cannot be an endpoint. */
function tenantScopeOf(tenant: Tenant, consumer: string | undefined): TenantScope {
  if (tenant.consumer !== null && consumer !== undefined && consumer !== tenant.consumer)
    throw new Problem('not_found', 'A consumer key reaches its own consumer only.');
  const id = tenant.consumer ?? consumer;
  return id === undefined ? { kind: 'project' } : { kind: 'consumer', id };
}

/** From when on a consumer that was created again sees figures. */
const sinceOf = ({ since }: Tenant, { kind }: StatisticsScope): Date | null =>
  kind === 'consumer' ? since : null;
