import type { Logger } from 'pino';
import { createActivities } from '../../activities/deliver-activities.ts';
import type { Activities } from '../../workflows/contract.ts';
import { createApi } from '../api/create-api.ts';
import { createHttpServer } from '../api/http/server.ts';
import { createTenantReadPool } from '../api/limits/tenant-read-pool.ts';
import { createAttemptEngine } from '../attempts/attempt-engine.ts';
import { createAttemptLimiter } from '../attempts/attempt-limiter.ts';
import { createClaimReleaser } from '../attempts/claim-releaser.ts';
import { createEventBodies } from '../attempts/event-bodies.ts';
import { createPrepareRequest } from '../attempts/prepare-request.ts';
import { createReceiverMonitor } from '../attempts/receiver-monitor.ts';
import { createRecorder } from '../attempts/recording/recorder.ts';
import { createUndeliverableReporter } from '../attempts/undeliverable-reporter.ts';
import type { Config } from '../config/config.ts';
import { createAcceptor } from '../dispatch/acceptor.ts';
import { createEndpointStates, sweepEndpointStates } from '../dispatch/background/endpoint-states.ts';
import {
  type EndpointSweepDependencies,
  sweepDeletedEndpoints,
} from '../dispatch/background/endpoint-sweep.ts';
import { createHeartbeats } from '../dispatch/background/heartbeats.ts';
import { createReconciler } from '../dispatch/background/reconciler.ts';
import { createRetention } from '../dispatch/background/retention.ts';
import { createDeliveryCommands } from '../dispatch/delivery-commands.ts';
import { createDispatcher, type Dispatcher, type StartWorkflow } from '../dispatch/dispatcher.ts';
import { createInFlightLimiter } from '../dispatch/in-flight-limiter.ts';
import { createAddressGuard } from '../egress/addresses/address-guard.ts';
import { createNat64, systemResolve6 } from '../egress/addresses/nat64.ts';
import { createOwnServices } from '../egress/addresses/own-services.ts';
import { createOutbound, type Outbound } from '../egress/outbound.ts';
import { createFairSemaphore } from '../limits/fair-semaphore.ts';
import { openFilesLimit, socketBudget } from '../limits/socket-budget.ts';
import { createMetrics } from '../observability/metrics.ts';
import { postgresPoolUsage } from '../observability/scrape-readings.ts';
import { type MetricsServer, serveMetrics } from '../observability/serve-metrics.ts';
import { throttledReading } from '../observability/throttled-reading.ts';
import { createOutcomeStreams } from '../outcomes/streams.ts';
import { createWaiters } from '../outcomes/waiters.ts';
import { createProfileLookup } from '../profiles/profile-lookup.ts';
import { createBuiltInProfiles } from '../profiles/shipped/registry.ts';
import { createSecretBox } from '../secrets/secret-box.ts';
import { createCachingSecretBox } from '../secrets/secret-cache.ts';
import { readBody } from '../store/deliveries/claims/claim-deliveries.ts';
import { oldestUnattemptedSeconds, retriesWaiting } from '../store/deliveries/gauges.ts';
import { markHealthy, markSlow } from '../store/endpoints/receiver-health.ts';
import { createNotifications } from '../store/outcomes/notifications.ts';
import { createPool, createPoolThroughPooler } from '../store/postgres/database.ts';
import { clockStatus, createDatabaseClock } from '../store/postgres/database-clock.ts';
import type { ProcessRole } from '../store/processes/processes.ts';
import { storedProfiles } from '../store/projects/profiles.ts';
import type { TemporalGateway } from '../temporal/gateway.ts';
import { superviseTemporal } from '../temporal/supervisor.ts';
import { createWorkflowLinks } from '../temporal/workflow-links.ts';
import { ownServersOf } from './own-servers.ts';
import { createReadiness } from './readiness.ts';
import { type HealthServer, serveHealth } from './serve-health.ts';

/** A configuration in which the embedded parts have their addresses and keys. */
export type ServiceConfig = Config & {
  databaseUrl: string;
  adminKey: string;
  temporal: Config['temporal'] & { address: string };
};

export type Roles = { api: boolean; worker: boolean };

export type Service = {
  /** The port that the API listens on; null without the API. */
  port: number | null;
  /** Resolves at the first connection to Temporal; events are accepted before. */
  connected: Promise<void>;
  /** Drains: no more requests, no more work; what is under way is finished and recorded. */
  close(): Promise<void>;
};

type Listening = { port: number; close(): Promise<void> };

export type ServiceOptions = {
  log: Logger;
  /** Lines of it that could not be written. */
  logLinesLost?: () => number;
  /** The Temporal SDK's own metrics in Prometheus text. */
  sdkMetrics?: () => Promise<string>;
};

/** The receiver of a target is named for its URL, which belongs into no log. */
const endpointOf = (receiver: string): string | null => (receiver.startsWith('ep_') ? receiver : null);

const roleOf = ({ api, worker }: Roles): ProcessRole => (api && worker ? 'start' : api ? 'api' : 'worker');

const pollsOf = (polls: boolean) => (polls ? { ok: true } : { ok: false, detail: 'does not poll yet' });

/** Connections to one receiver's host under one tenant; a slow receiver has at most as many attempts under way. */
const CONNECTIONS_PER_HOST = 32;

/** Two flushes at once and a late completion; one release at a time, and one hand-back. */
const RECORD_CONNECTIONS = 3;
const RELEASE_CONNECTIONS = 2;
const HEARTBEAT_CONNECTIONS = 1;
/** A dial may need a second socket, and a lookup one: fewer attempts than sockets. */
const ATTEMPTS_PER_SOCKET = 0.75;
/** Thousands of receivers can become slow in the same second. */
const HEALTH_MARKS_AT_ONCE = 2;
/** What callers read has connections of its own: however much is asked, no event waits for one. */
const READ_CONNECTIONS = 4;
/** One for what all streams follow, one for all that wait: neither waits for a list. */
const OUTCOME_CONNECTIONS = 2;
/** A list that takes longer is given up: it would hold a connection, and a core of Postgres, for nobody. */
const READ_TIMEOUT_MS = 2_500;

/** Puts the parts together: the API, the worker, or both in one process. Rejects when a port is taken. */
export async function startService(
  config: ServiceConfig,
  roles: Roles,
  { log, logLinesLost, sdkMetrics }: ServiceOptions,
): Promise<Service> {
  const metrics = createMetrics();
  const sockets = socketBudget(openFilesLimit(), config.databasePool);
  const attemptSlots = Math.floor(sockets.outbound * ATTEMPTS_PER_SOCKET);
  const { databaseUrl, databaseDirectUrl } = config;
  const direct = databaseDirectUrl ?? databaseUrl;
  const openPool = (max: number) =>
    databaseDirectUrl ? createPoolThroughPooler(databaseUrl, max) : createPool(databaseUrl, max);
  const pool = openPool(config.databasePool);
  // Connections of their own: what is safe to delay must not keep a finished attempt from being recorded.
  const recordPool = openPool(RECORD_CONNECTIONS);
  const releasePool = openPool(RELEASE_CONNECTIONS);
  // Without the pooler, which keeps its own connections open when this process dies: by theirs the others tell.
  const heartbeatPool = createPool(direct, HEARTBEAT_CONNECTIONS);
  // Its statements have a time of their own, which only a session of ours keeps.
  const readPool = createPool(direct, READ_CONNECTIONS, READ_TIMEOUT_MS);
  const outcomePool = createPool(direct, OUTCOME_CONNECTIONS, READ_TIMEOUT_MS);
  const notifications = createNotifications(direct);
  const clock = createDatabaseClock({
    pool,
    onSkew: (ms) =>
      log.error(
        { aheadSeconds: Math.round(ms / 1000) },
        "this machine's clock differs from Postgres's, which decides what is stored and signed: set this machine's clock",
      ),
    onSkewResolved: () => log.info("this machine's clock agrees with Postgres's again"),
  });
  const profiles = createProfileLookup(createBuiltInProfiles(), storedProfiles(pool));
  const secretBox = createSecretBox(config.encryptionKeys);
  const own = createOwnServices(ownServersOf(config));
  const nat64 = createNat64({ prefixes: config.nat64Prefixes ?? [], resolve6: systemResolve6 });
  const guard = createAddressGuard(config.allowTargets, own, nat64);
  const onFailure = (error: unknown) => log.error({ err: error }, 'a background task failed');
  const onSignalFailure = (error: unknown) =>
    log.warn({ err: error }, 'a signal was not delivered; the reconciler repeats it');
  const onHoldingFailure = (error: unknown) =>
    log.warn({ err: error }, 'what is held does not follow its endpoint yet; the sweep goes on with it');
  const heartbeats = createHeartbeats({
    db: heartbeatPool,
    role: roleOf(roles),
    attemptSlots: roles.worker ? attemptSlots : 0,
    onProcessLost: (gone) => {
      metrics.processesGone.inc({ role: gone.role });
      metrics.attemptsCut.inc({ role: gone.role }, gone.interruptedAttempts);
      log.warn(
        { gone },
        'a process has gone without stopping; the attempts that it had under way become unknown, and are made again',
      );
    },
    onRejoined: () =>
      log.warn(
        { processId: heartbeats.id },
        'this process wrote no heartbeat for so long that others took it for gone; what it had under way may be sent twice',
      ),
    onFailure: (error) =>
      log.warn(
        { err: error },
        'a heartbeat could not be written; after 5 to 30 s without one, others take this process for gone',
      ),
  });
  metrics.readFrom({
    oldestUnattempted: throttledReading(() => oldestUnattemptedSeconds(readPool)),
    retriesWaiting: throttledReading(() => retriesWaiting(readPool)),
    ...(logLinesLost && { logLinesLost }),
    clockSkew: () => (clock.skewMs() ?? Number.NaN) / 1000,
    pools: {
      postgres: postgresPoolUsage(pool),
      records: postgresPoolUsage(recordPool),
      releases: postgresPoolUsage(releasePool),
      reads: postgresPoolUsage(readPool),
      outcomes: postgresPoolUsage(outcomePool),
    },
  });

  const worker = roles.worker ? makeWorker() : null;
  const temporal = superviseTemporal(config.temporal, worker?.activities ?? null, log);
  const links = createWorkflowLinks(config.temporal.uiUrl, config.temporal.namespace, temporal.gateway);
  const readiness = createReadiness({
    db: pool,
    required: () => ({
      temporal: temporal.status(),
      ...(roles.worker && { worker: pollsOf(temporal.isPolling()) }),
    }),
    informational: () => ({ clock: clockStatus(clock.skewMs()) }),
  });
  const inFlightLimiter = createInFlightLimiter(pool);
  const dispatch = roles.api ? makeDispatch() : null;
  let api: Listening | null = null;
  let metricsServer: MetricsServer | null = null;
  let healthServer: HealthServer | null = null;
  try {
    if (dispatch) {
      api = await listen(dispatch.dispatcher);
      own.add({ host: config.http.host, port: api.port, matchedBy: 'address' });
    }
    if (config.metricsPort !== undefined)
      metricsServer = await serveMetrics(config.metricsPort, config.http.host, metrics.registry, sdkMetrics);
    if (config.healthPort !== undefined)
      healthServer = await serveHealth(config.healthPort, config.http.host, readiness.check);
  } catch (error) {
    await close(); // what has started already would keep the process alive
    throw error;
  }
  return { port: api?.port ?? null, connected: temporal.connected, close };

  async function close(): Promise<void> {
    await api?.close();
    await dispatch?.close();
    await temporal.close();
    await worker?.close();
    await notifications.close();
    await clock.close();
    await metricsServer?.close();
    await healthServer?.close();
    await heartbeats.close();
    await Promise.all([
      pool.end(),
      readPool.end(),
      outcomePool.end(),
      recordPool.end(),
      releasePool.end(),
      heartbeatPool.end(),
    ]);
  }

  function makeWorker(): { activities: Activities; close(): Promise<void> } {
    const outbound: Outbound = createOutbound({
      guard,
      maxConnectionsPerHost: CONNECTIONS_PER_HOST,
      maxSockets: sockets.outbound,
      userAgent: config.userAgent,
      now: clock.now,
    });
    const inMarkingTurn = createFairSemaphore(HEALTH_MARKS_AT_ONCE, 1);
    const receiverMonitor = createReceiverMonitor({
      onSlow: (receiver, projectId, cause) => {
        log.info(
          { endpointId: endpointOf(receiver), projectId, cause },
          'a receiver is slow and queues apart',
        );
        inMarkingTurn(projectId, () => markSlow(pool, receiver, projectId, cause)).catch(onFailure);
      },
      onHealthy: (receiver, projectId) => {
        log.info({ endpointId: endpointOf(receiver), projectId }, 'a receiver answers quickly again');
        inMarkingTurn(projectId, () => markHealthy(pool, receiver, projectId)).catch(onFailure);
      },
    });
    const recorder = createRecorder({
      pool: recordPool,
      onRecorded: (projectIds) => notifications.notify('posthorn_outcomes', projectIds),
      onFailure: (error, deliveryId) =>
        log.error({ err: error, deliveryId }, 'an attempt could not be recorded as it is'),
    });
    const tellLastFailures = createUndeliverableReporter({
      db: pool,
      profiles,
      report: ({ id, eventId, endpointId, projectId }, label) =>
        log.info(
          { deliveryId: id, eventId, endpointId, projectId, label },
          'the last attempt of a delivery failed',
        ),
      onFailure,
    });
    const onAttemptFailure = (error: unknown, deliveryId: string | null) =>
      log.error({ err: error, deliveryId }, 'a step of an attempt failed on our side');
    const releaser = createClaimReleaser({ pool: releasePool, onFailure: onAttemptFailure });
    const limiter = createAttemptLimiter({ maxConcurrent: attemptSlots });
    metrics.readFrom({ attempts: limiter.stats });
    const engine = createAttemptEngine({
      pool,
      processId: heartbeats.idOrThrow,
      releasePool,
      limiter,
      bodies: createEventBodies((projectId, eventId) => readBody(pool, projectId, eventId)),
      releaser,
      outbound,
      recorder,
      receiverMonitor,
      prepare: createPrepareRequest({ profiles, box: createCachingSecretBox(secretBox), clock }),
      onOutcomes: (projectIds) => notifications.notify('posthorn_outcomes', projectIds),
      onClaimed: (owner) => notifications.notify('posthorn_claims', [owner]),
      onAttempt: (claim, result) => {
        metrics.attempts.inc({ outcome: result.outcome });
        metrics.attemptDuration.observe(result.durationMs / 1000);
        const latency = (clock.now() - claim.createdAt.getTime()) / 1000;
        if (claim.attempts === 0) metrics.deliveryLatency.observe({ until: 'first_attempt' }, latency);
        if (result.outcome === 'delivered') metrics.deliveryLatency.observe({ until: 'delivered' }, latency);
      },
      onUnknown: (count, wedged) => {
        metrics.attempts.inc({ outcome: 'unknown' }, count);
        for (const { id, processId, claimAgeMs } of wedged)
          log.error(
            { deliveryId: id, processId, claimAgeMs },
            'a running process has neither recorded nor released a claim in the time that an attempt can take; the attempt becomes unknown',
          );
      },
      onUndeliverable: tellLastFailures,
      onFailure: onAttemptFailure,
      random: Math.random,
      now: clock.now,
    });
    return {
      activities: createActivities(engine, (error) =>
        log.warn({ err: error }, 'an activity failed; Temporal runs it again'),
      ),
      async close() {
        receiverMonitor.close();
        releaser.close();
        await outbound.close();
      },
    };
  }

  function starterOf(gateway: TemporalGateway | null): StartWorkflow | null {
    if (!gateway) return null;
    return async (assignment) => {
      const runId = await gateway.start(assignment);
      if (runId === null) return 'id_in_use';
      links.rememberRun(assignment.workflowId, runId);
      return 'started';
    };
  }

  function makeDispatch(): { dispatcher: Dispatcher; close(): Promise<void> } {
    const dispatcher = createDispatcher({
      pool,
      inFlightLimiter,
      processId: heartbeats.id,
      starter: () => starterOf(temporal.gateway()),
      grouping: config.grouping,
      maxPerReceiver: CONNECTIONS_PER_HOST,
      onStarted: (result, deliveries) => {
        metrics.workflowStarts.inc({ result });
        metrics.groupSize.observe(deliveries);
      },
      onFailure: (error) => log.warn({ err: error }, 'assigning or starting failed; it is tried again'),
    });
    const stopListening = notifications.listen('posthorn_claims', dispatcher.recordClaimed);
    const sweep: EndpointSweepDependencies = {
      pool,
      onCancelled: ({ owner, ids }) =>
        void temporal.gateway()?.send(owner, 'cancel', ids).catch(onSignalFailure),
      onOutcomes: (projectId) => notifications.notify('posthorn_outcomes', [projectId]),
    };
    const reconciler = createReconciler({
      pool,
      leaseDb: heartbeatPool,
      processId: heartbeats.id,
      temporal: temporal.gateway,
      sweepEndpoints: async (ageMs) => {
        await sweepDeletedEndpoints(sweep, ageMs);
        await sweepEndpointStates(
          { pool, onReleased: dispatcher.poll, onFailure: onHoldingFailure },
          plansOfProfiles(),
          ageMs,
        );
      },
      onReleased: dispatcher.poll,
      onAction: (action, workflowId, deliveries) => {
        metrics.reconciled.inc({ action });
        const level = action === 'terminated' ? 'error' : 'info';
        log[level]({ workflowId, deliveries, action }, 'the reconciler acted on a workflow');
      },
      onWorkflowFailed: (workflowId, failure, deliveries) => {
        metrics.workflowsFailed.inc({ failure });
        log.error(
          { workflowId, failure, deliveries },
          'a workflow failed with deliveries open; they go on in another workflow',
        );
      },
      onLeadershipChange: (leads) => {
        metrics.leads.set(leads ? 1 : 0);
        log.info({ leads }, leads ? 'this process reconciles now' : 'this process no longer reconciles');
      },
      onFailure: (error) =>
        log.warn({ err: error }, 'a pass of the reconciler failed; the next one tries again'),
    });
    const retention = createRetention({ pool, ageMs: config.retentionMs, onFailure });
    return {
      dispatcher,
      async close() {
        stopListening();
        await Promise.all([reconciler.close(), dispatcher.close(), retention.close()]);
      },
    };
  }

  async function listen(dispatcher: Dispatcher): Promise<Listening> {
    const closing = new AbortController();
    const queryableFor = createTenantReadPool(readPool);
    const settlementWaiters = createWaiters({
      db: outcomePool,
      notifications,
      onFailure,
      quotas: config.quotas,
    });
    const streams = createOutcomeStreams({ db: outcomePool, queryableFor, notifications, onFailure });
    const endpointStates = createEndpointStates({
      pool,
      onReleased: dispatcher.poll,
      onFailure: onHoldingFailure,
    });
    const app = createApi({
      pool,
      tenantReadPool: queryableFor,
      acceptor: createAcceptor({
        pool,
        box: secretBox,
        dispatcher,
        processId: heartbeats.id,
        hasClaimBacklog: () => roles.worker && inFlightLimiter.hasClaimBacklog(),
      }),
      deliveryCommands: createDeliveryCommands({
        pool,
        signals: temporal.gateway,
        onReleased: dispatcher.poll,
        onOutcomes: (projectId) => notifications.notify('posthorn_outcomes', [projectId]),
        onFailure: onSignalFailure,
      }),
      endpointStates,
      settlementWaiters,
      streams,
      readiness,
      links,
      guard,
      profiles,
      secretBox,
      clock,
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
      maxConnections: sockets.inbound,
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

  function plansOfProfiles(): Map<string, string[] | null> {
    const { builtIn } = profiles;
    return new Map(builtIn.names().map((name) => [name, builtIn.get(name)?.plans ?? null]));
  }
}
