import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { ServiceConfig } from '../config/service-config.ts';
import { type MetricsServer, serveMetrics } from '../observability/serve-metrics.ts';
import { clockStatus } from '../store/postgres/database-clock.ts';
import { databaseIdentity } from '../store/postgres/database-identity.ts';
import { isRefusal } from '../temporal/describe-failure.ts';
import type { ClaimMode } from '../temporal/installation.ts';
import { superviseTemporal } from '../temporal/supervisor.ts';
import { createWorkflowLinks } from '../temporal/workflow-links.ts';
import { startApiRole } from './api-role.ts';
import { createReadiness } from './readiness.ts';
import type { Roles } from './roles.ts';
import { type HealthServer, serveHealth } from './serve-health.ts';
import { createSharedServices } from './shared-services.ts';
import { StartFailure } from './start-failure.ts';
import { createWorkerRole } from './worker-role.ts';

export type Service = {
  /** The port that the API listens on; null without the API. */
  port: number | null;
  /** Resolves when Temporal is connected for the first time. Events are accepted before. */
  connected: Promise<void>;
  /** Accepts no more requests and no more work, finishes and records what is in flight, then resolves. */
  close(): Promise<void>;
};

export type ServiceOptions = {
  log: Logger;
  /** Lines of the log that could not be written. */
  logLinesLost?: () => number;
  /** The Temporal SDK's own metrics in Prometheus text. */
  sdkMetrics?: () => Promise<string>;
  /** How the task queue is claimed; only if it is free, unless set. */
  claimMode?: ClaimMode;
};

/** A process of a database that may not use the task queue starts no later than this if Temporal does not respond. */
const ADMISSION_TIMEOUT_MS = 3_000;

/**
 * Starts the API, the worker, or both in one process. Rejects with a StartFailure if the task queue belongs to another
 * database, and with the cause when a port cannot be bound.
 */
export async function startService(
  config: ServiceConfig,
  roles: Roles,
  { log, logLinesLost, sdkMetrics, claimMode = 'if_free' }: ServiceOptions,
): Promise<Service> {
  const shared = await createSharedServices(config, roles, log, logLinesLost);
  const { pools, notifications, clock, ownServices, heartbeats, metrics } = shared;

  const worker = roles.worker ? createWorkerRole(shared, () => temporal.gateway()) : null;
  const temporal = superviseTemporal({
    config: config.temporal,
    activities: worker?.activities ?? null,
    readDatabase: () => databaseIdentity(pools.main),
    claimMode,
    eventsPerRun: config.eventsPerRun,
    log,
  });
  const links = createWorkflowLinks(config.temporal.uiUrl, config.temporal.namespace, temporal.gateway);
  const readiness = createReadiness({
    db: pools.main,
    required: () => ({
      temporal: temporal.status(),
      ...(roles.worker && { worker: pollStatus(temporal.isPolling()) }),
    }),
    informational: () => {
      const egressProxy = worker?.proxyStatus();
      return { clock: clockStatus(clock.skewMs()), ...(egressProxy && { egressProxy }) };
    },
  });
  const api = roles.api ? startApiRole({ shared, temporal, links, readiness, worker }) : null;

  let port: number | null = null;
  let metricsServer: MetricsServer | null = null;
  let healthServer: HealthServer | null = null;
  try {
    await admission(temporal.admitted);
    if (api) {
      port = await api.listen();
      ownServices.add({ host: config.http.host, port, matchedBy: 'address' });
    }
    if (config.metricsPort !== undefined)
      metricsServer = await serveMetrics(config.metricsPort, config.http.host, metrics.registry, sdkMetrics);
    if (config.healthPort !== undefined)
      healthServer = await serveHealth(config.healthPort, config.http.host, readiness.check);
  } catch (error) {
    await close(); // otherwise the parts that have started keep the process alive
    throw error;
  }
  return { port, connected: temporal.connected, close };

  /** In this order: what starts work stops before what finishes it, and the pools end last. */
  async function close(): Promise<void> {
    await api?.close();
    // Together: each may take as long as the longest attempt.
    await Promise.all([api?.finishAttempts(), temporal.close()]);
    await worker?.close();
    await shared.tracing?.close();
    await notifications.close();
    await clock.close();
    await metricsServer?.close();
    await healthServer?.close();
    await heartbeats.close();
    await pools.end();
  }
}

/** Waits until it is known whether this database may use the task queue, or until Temporal has not responded in time. */
async function admission(admitted: Promise<void>): Promise<void> {
  try {
    await Promise.race([admitted, sleep(ADMISSION_TIMEOUT_MS, undefined, { ref: false })]);
  } catch (error) {
    throw isRefusal(error) ? new StartFailure(error.message, { cause: error }) : error;
  }
}

const pollStatus = (polls: boolean) => (polls ? { ok: true } : { ok: false, detail: 'does not poll yet' });
