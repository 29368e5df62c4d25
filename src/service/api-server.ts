import { join } from 'node:path';
import { createApi } from '../api/create-api.ts';
import { createHttpServer } from '../api/http/server.ts';
import { createTenantReadPool } from '../api/limits/tenant-read-pool.ts';
import { readBuiltPages } from '../api/pages/built-pages.ts';
import type { BulkJobs, Readiness } from '../api/ports.ts';
import { createEndpointStates } from '../background/endpoint-states.ts';
import type { Erasures } from '../background/erasures/erasures.ts';
import { startOperationalWebhooks } from '../background/operational-webhooks.ts';
import { version } from '../config/version.ts';
import { createAcceptor } from '../dispatch/accept/acceptor.ts';
import { createDeliveryCommands } from '../dispatch/delivery-commands.ts';
import type { Dispatcher } from '../dispatch/dispatcher.ts';
import type { ExpressAttempts } from '../express/express-attempts.ts';
import { createListenerStreams } from '../listeners/listener-streams.ts';
import { createOutcomeStreams } from '../outcomes/streams.ts';
import { createWaiters } from '../outcomes/waiters.ts';
import { OPERATIONAL_PROFILE } from '../store/operational/operational-project.ts';
import { endpointStatesDependencies } from './background.ts';
import type { DispatchDependencies } from './dispatch.ts';
import { logSignalFailure } from './log-signal-failure.ts';
import type { WorkerRole } from './worker-role.ts';

const BUILT_PAGES = join(import.meta.dirname, '../../dashboard/dist');

export type ApiServer = { port: number; close(): Promise<void> };

export type ApiServerDependencies = DispatchDependencies & {
  dispatcher: Dispatcher;
  erasures: Erasures;
  bulkJobs: BulkJobs;
  /** Null if workflows make all first attempts. */
  express: ExpressAttempts | null;
  /** Null in a process without a worker. */
  worker: Pick<WorkerRole, 'recorder'> | null;
  readiness: Readiness;
};

/** Serves the API on the configured address. Rejects when the port cannot be bound. */
export async function startApiServer(deps: ApiServerDependencies): Promise<ApiServer> {
  const { shared, temporal, links, inFlightLimiter, dispatcher, erasures, express, readiness } = deps;
  const { config, roles, log, metrics, pools, notifications, heartbeats, onFailure } = shared;
  const closing = new AbortController();
  const tenantReadPool = createTenantReadPool(pools.read);
  const outcomeDependencies = { db: pools.outcome, notifications, onFailure };
  const settlementWaiters = createWaiters({ ...outcomeDependencies, quotas: config.quotas });
  const streams = createOutcomeStreams({ ...outcomeDependencies, queryableFor: tenantReadPool });
  const listenerStreams = createListenerStreams({
    ...outcomeDependencies,
    queryableFor: tenantReadPool,
    box: shared.secretBox,
  });
  const endpointStates = createEndpointStates(endpointStatesDependencies(shared, temporal, dispatcher));

  const acceptor = createAcceptor({
    pool: pools.main,
    box: shared.secretBox,
    reserve: express?.reserve ?? dispatcher.reserve,
    withDetails: express !== null,
    processId: heartbeats.id,
    hasClaimBacklog: () => roles.worker && inFlightLimiter.hasClaimBacklog(),
    // Until the next posts have arrived, records that are written delay no transaction with posts.
    afterShared: () => deps.worker?.recorder.flushIfMany(),
  });

  const app = createApi({
    pool: pools.main,
    tenantReadPool,
    acceptor,
    deliveryCommands: createDeliveryCommands({
      pool: pools.main,
      signals: temporal.gateway,
      onReleased: dispatcher.poll,
      onOutcomes: (projectId) => notifications.notify('posthorn_outcomes', [projectId]),
      onFailure: logSignalFailure(shared),
    }),
    endpointStates,
    erasureJobs: erasures,
    bulkJobs: deps.bulkJobs,
    settlementWaiters,
    streams,
    listenerStreams,
    readiness,
    links,
    pages: config.ui.length === 0 ? null : await readBuiltPages(BUILT_PAGES),
    guard: shared.guard,
    profiles: shared.profiles,
    secretBox: shared.secretBox,
    clock: shared.clock,
    config: {
      adminKey: config.adminKey,
      maxBodyBytes: config.maxBodyBytes,
      quotas: config.quotas,
      retentionMs: config.retentionMs,
      statisticsRetentionMs: config.statisticsRetentionMs,
      trustedProxies: config.trustedProxies ?? [],
      publicUrl: config.http.publicUrl,
      temporalUiUrl: config.temporal.uiUrl ?? null,
      sampleReceiver: config.sampleReceiver,
      version,
      ui: config.ui,
      listeners: config.listeners,
    },
    log,
    metrics: {
      recordRequest: (method, path, status, seconds) =>
        metrics.apiRequests.observe({ method, path, status }, seconds),
      recordAcceptedEvents: (project, count) => metrics.eventsAccepted.inc({ project }, count),
    },
    tracing: shared.tracing,
    shutdownSignal: closing.signal,
  });

  const server = createHttpServer(app, closing, config.http.publicUrl, {
    maxConnections: shared.sockets.inbound,
  });
  const endWaits = () => {
    streams.close();
    listenerStreams.close();
    settlementWaiters.close();
  };
  const port = await server.listen(config.http.host, config.http.port).catch((error: unknown) => {
    endWaits();
    throw error;
  });
  const operationalWebhooks = startOperationalWebhooks({
    pool: pools.main,
    acceptor,
    profile: shared.profiles.shipped.get(OPERATIONAL_PROFILE)!,
    onFailure: (error) =>
      log.warn({ err: error }, 'operational events could not be handed over; they are tried again'),
  });
  return {
    port,
    async close() {
      endWaits();
      await server.close();
      await endpointStates.close();
      await operationalWebhooks.close();
    },
  };
}
