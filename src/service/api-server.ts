import { createApi } from '../api/create-api.ts';
import { createHttpServer } from '../api/http/server.ts';
import { createTenantReadPool } from '../api/limits/tenant-read-pool.ts';
import type { Readiness } from '../api/ports.ts';
import { createAcceptor } from '../dispatch/acceptor.ts';
import { createEndpointStates } from '../dispatch/background/endpoint-states.ts';
import { createDeliveryCommands } from '../dispatch/delivery-commands.ts';
import type { Dispatcher } from '../dispatch/dispatcher.ts';
import type { ExpressAttempts } from '../express/express-attempts.ts';
import { createOutcomeStreams } from '../outcomes/streams.ts';
import { createWaiters } from '../outcomes/waiters.ts';
import { type DispatchDependencies, logHoldingFailure, logSignalFailure } from './dispatch.ts';

export type ApiServer = { port: number; close(): Promise<void> };

export type ApiServerDependencies = DispatchDependencies & {
  dispatcher: Dispatcher;
  /** Null if workflows make all first attempts. */
  express: ExpressAttempts | null;
  readiness: Readiness;
};

/** Serves the API on the configured address. Rejects when the port cannot be bound. */
export async function startApiServer(deps: ApiServerDependencies): Promise<ApiServer> {
  const { shared, temporal, links, inFlightLimiter, dispatcher, express, readiness } = deps;
  const { config, roles, log, metrics, pools, notifications, heartbeats, onFailure } = shared;
  const closing = new AbortController();
  const tenantReadPool = createTenantReadPool(pools.read);
  const outcomeDependencies = { db: pools.outcome, notifications, onFailure };
  const settlementWaiters = createWaiters({ ...outcomeDependencies, quotas: config.quotas });
  const streams = createOutcomeStreams({ ...outcomeDependencies, queryableFor: tenantReadPool });
  const endpointStates = createEndpointStates({
    pool: pools.main,
    onReleased: dispatcher.poll,
    onFailure: logHoldingFailure(shared),
  });

  const app = createApi({
    pool: pools.main,
    tenantReadPool,
    acceptor: createAcceptor({
      pool: pools.main,
      box: shared.secretBox,
      reserve: express?.reserve ?? dispatcher.reserve,
      withDetails: express !== null,
      processId: heartbeats.id,
      hasClaimBacklog: () => roles.worker && inFlightLimiter.hasClaimBacklog(),
    }),
    deliveryCommands: createDeliveryCommands({
      pool: pools.main,
      signals: temporal.gateway,
      onReleased: dispatcher.poll,
      onOutcomes: (projectId) => notifications.notify('posthorn_outcomes', [projectId]),
      onFailure: logSignalFailure(shared),
    }),
    endpointStates,
    settlementWaiters,
    streams,
    readiness,
    links,
    guard: shared.guard,
    profiles: shared.profiles,
    secretBox: shared.secretBox,
    clock: shared.clock,
    config: {
      adminKey: config.adminKey,
      maxBodyBytes: config.maxBodyBytes,
      quotas: config.quotas,
      trustedProxies: config.trustedProxies ?? [],
      publicUrl: config.http.publicUrl,
      temporalUiUrl: config.temporal.uiUrl ?? null,
    },
    log,
    metrics: {
      recordRequest: (method, path, status, seconds) =>
        metrics.apiRequests.observe({ method, path, status }, seconds),
      recordAcceptedEvents: (project, count) => metrics.eventsAccepted.inc({ project }, count),
    },
    shutdownSignal: closing.signal,
  });

  const server = createHttpServer(app, closing, config.http.publicUrl, {
    maxConnections: shared.sockets.inbound,
  });
  const endWaits = () => {
    streams.close();
    settlementWaiters.close();
  };
  const port = await server.listen(config.http.host, config.http.port).catch((error: unknown) => {
    endWaits();
    throw error;
  });
  return {
    port,
    async close() {
      endWaits();
      await server.close();
      await endpointStates.close();
    },
  };
}
