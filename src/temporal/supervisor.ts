import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from '@temporalio/client';
import type { NativeConnection } from '@temporalio/worker';
import type { Logger } from 'pino';
import type { Activities, JobActivities } from '../../workflows/contract.ts';
import type { Config } from '../config/config.ts';
import { loadWorkflowBundle } from './bundle/load-workflow-bundle.ts';
import { connectToTemporal } from './connect.ts';
import { versionOf } from './deployments/own-version.ts';
import { type DeploymentWatch, watchDeployment } from './deployments/watch-deployment.ts';
import { describeTemporalFailure, isRefusal } from './describe-failure.ts';
import { createTemporalGateway, type TemporalGateway } from './gateway.ts';
import { type ClaimMode, claimTaskQueue, InstallationConflict } from './installation.ts';
import { ensureNamespace } from './namespace.ts';
import { ensureSearchAttributes } from './search-attributes.ts';
import { isPolling } from './workers/describe-pollers.ts';
import { type RunningWorkers, runWorkers } from './workers/run-workers.ts';

export type TemporalStatus = { ok: boolean; detail?: string };

/** Maintains the connection to Temporal and, if there are activities, the workers. Reconnects after every failure. */
export type TemporalSupervisor = {
  /** Null while Temporal is unavailable. */
  gateway(): TemporalGateway | null;
  status(): TemporalStatus;
  /**
   * True while the server responds and has seen polls of the workers on all task queues; without workers, while it
   * responds.
   */
  isPolling(): boolean;
  /**
   * Resolves when this database has its task queue, or when that cannot be known because Temporal is unavailable. Rejects
   * with InstallationConflict if another database has it, and with VersioningUnavailable if the workers need versioning.
   */
  admitted: Promise<void>;
  /** Resolves after the first connection; with workers, once they poll or after 10 s. */
  connected: Promise<void>;
  /** Shuts the workers down. Resolves when the tasks in flight have finished. */
  close(): Promise<void>;
};

const PROBE_INTERVAL_MS = 1_000;
const PROBE_TIMEOUT_MS = 2_000;
const POLLERS_CHECK_INTERVAL_MS = 100;
const POLLERS_TIMEOUT_MS = 10_000;
const ATTRIBUTES_RETRY_MS = 10_000;
/** How soon a process notices that another database has taken its task queue over. */
const CLAIM_INTERVAL_MS = 30_000;
const BACKOFF_MS = [500, 1_000, 2_000, 5_000];

export type TemporalSupervisorDependencies = {
  config: Config['temporal'] & { address: string };
  /** Null in a process without workers. */
  activities: (Activities & JobActivities) | null;
  /** Reads the identity of the database, which owns the task queue. */
  readDatabase: () => Promise<string>;
  /** How the first connection claims the task queue. */
  claimMode: ClaimMode;
  /** Passed to the gateway. */
  eventsPerRun?: number | undefined;
  log: Logger;
};

/** Connects in the background and returns immediately. */
export function superviseTemporal(deps: TemporalSupervisorDependencies): TemporalSupervisor {
  const { config, activities, readDatabase, log } = deps;
  let { claimMode } = deps;
  const stopping = new AbortController();
  let gateway: TemporalGateway | null = null;
  let isReachable = false;
  let hasPolls = activities === null;
  let attributesProblem: string | null = null;
  let detail = 'not connected yet';
  const { promise: connected, resolve: onConnected } = Promise.withResolvers<void>();
  const admission = Promise.withResolvers<void>();
  admission.promise.catch(() => {}); // a caller may not wait for it

  async function superviseLoop(): Promise<void> {
    for (let failures = 0; !stopping.signal.aborted; ) {
      try {
        await runSession(() => {
          failures = 0;
        });
      } catch (error) {
        if (isRefusal(error)) admission.reject(error);
        else admission.resolve();
        if (stopping.signal.aborted) return;
        logOutage(error);
        const pause = BACKOFF_MS[Math.min(failures, BACKOFF_MS.length - 1)]!;
        failures += 1;
        await sleep(pause, undefined, { signal: stopping.signal }).catch(() => {});
      }
    }
  }

  /** Warns once for each reason: a long outage would otherwise fill the log. */
  function logOutage(error: unknown): void {
    const reason = describeTemporalFailure(error, config);
    if (reason !== detail)
      log.warn(`Temporal is unavailable; events are still accepted and wait in Postgres. ${reason}`);
    else log.debug({ err: error }, 'Temporal is still unavailable');
    detail = reason;
  }

  async function runSession(onSessionStart: () => void): Promise<void> {
    const bundle = activities ? loadWorkflowBundle(stopping.signal) : null;
    bundle?.catch(() => {}); // awaited below, if the connection succeeds
    const connection = await connectToTemporal(config, stopping.signal);
    let workers: RunningWorkers | null = null;
    let watch: DeploymentWatch | null = null;
    try {
      const namespaceId = await ensureNamespace(connection, config.namespace);
      // Eager starts work only over the connection of this process's workers.
      const client = new Client({ connection, namespace: config.namespace });
      await claim(client);
      const version = activities ? await versionOf(connection, config) : undefined;
      admission.resolve();
      attributesProblem = await ensureSearchAttributes(connection, config.namespace, log);
      if (activities && bundle) {
        workers = await runWorkers(connection, config, activities, await bundle, version);
      }
      const buildId = version?.buildId ?? null;
      watch = watchDeployment({ connection, config, buildId, hasWorkers: activities !== null, log });
      gateway = createTemporalGateway(client, {
        taskQueue: config.taskQueue,
        // The server gives an eager start to this process, whatever its build.
        eager: () => activities !== null && (watch?.current()?.buildId ?? null) === buildId,
        hasSearchAttributes: () => attributesProblem === null,
        eventsPerRun: deps.eventsPerRun,
        deployment: config.deployment?.name,
        currentVersion: () => watch?.current(),
      });
      isReachable = true;
      detail = 'does not respond';
      onSessionStart();
      if (workers) void watchPollers(connection, workers).finally(onConnected);
      else onConnected();
      log.info({ address: config.address, namespace: config.namespace }, 'connected to Temporal');
      await Promise.race([workers?.stopped ?? never, probe(connection, client, namespaceId)]);
    } finally {
      gateway = null;
      isReachable = false;
      hasPolls = activities === null;
      watch?.close();
      await workers?.shutdown().catch((error) => log.error({ err: error }, 'a worker stopped with an error'));
      await connection
        .close()
        .catch((error) => log.warn({ err: error }, 'the connection to Temporal could not be closed'));
    }
  }

  async function claim(client: Client): Promise<void> {
    await claimTaskQueue(client, config.taskQueue, await readDatabase(), claimMode);
    claimMode = 'if_free';
  }

  async function watchPollers(connection: NativeConnection, workers: RunningWorkers): Promise<void> {
    let running = true;
    workers.stopped.catch(() => {}).finally(() => (running = false));
    const until = performance.now() + POLLERS_TIMEOUT_MS;
    while (running && !stopping.signal.aborted && !hasPolls) {
      // If the server does not report pollers, the process must still start.
      if (performance.now() > until) onConnected();
      const seen = await isPolling(connection, config, workers.identity).catch(() => false);
      hasPolls = seen && running;
      if (!seen) await sleep(POLLERS_CHECK_INTERVAL_MS);
    }
    if (hasPolls) log.info('the workers are polling their task queues');
  }

  /**
   * Checks every second whether the server responds. Workers survive an outage, but workflow starts must not be tried.
   * Rejects if another database has taken the task queue over.
   */
  async function probe(
    connection: NativeConnection,
    client: Client,
    initialNamespaceId: string,
  ): Promise<void> {
    let retryAttributesAt = performance.now() + ATTRIBUTES_RETRY_MS;
    let claimAt = performance.now() + CLAIM_INTERVAL_MS;
    let conflict: InstallationConflict | null = null;
    let namespaceId = initialNamespaceId;
    while (!stopping.signal.aborted) {
      const wasReachable = isReachable;
      const found = await fetchNamespaceId(connection, config.namespace);
      isReachable = found !== null;
      if (!wasReachable && isReachable) log.info('Temporal is available again');
      // The server may restart with an empty database between two probes; only the namespace id reveals it.
      const isRecreated = found !== null && found !== namespaceId;
      namespaceId = found ?? namespaceId;
      if (conflict) throw conflict;
      if (isReachable && (isRecreated || !wasReachable || performance.now() >= claimAt)) {
        claimAt = Number.POSITIVE_INFINITY; // until the response: not awaited, because it takes long during an outage
        claim(client).then(
          () => (claimAt = performance.now() + CLAIM_INTERVAL_MS),
          (error) => {
            if (error instanceof InstallationConflict) conflict = error;
            claimAt = 0;
          },
        );
      }
      // A new namespace rejects search attributes for some seconds.
      const mustRetryAttributes = attributesProblem !== null && performance.now() >= retryAttributesAt;
      if (isReachable && (!wasReachable || isRecreated || mustRetryAttributes)) {
        attributesProblem = await ensureSearchAttributes(connection, config.namespace, log);
        retryAttributesAt = performance.now() + ATTRIBUTES_RETRY_MS;
      }
      await sleep(PROBE_INTERVAL_MS, undefined, { signal: stopping.signal }).catch(() => {});
    }
  }

  const supervision = superviseLoop();
  return {
    gateway: () => (isReachable ? gateway : null),
    admitted: admission.promise,
    connected,
    isPolling: () => isReachable && hasPolls,
    status: () =>
      isReachable
        ? { ok: true, ...(attributesProblem && { detail: attributesProblem }) }
        : { ok: false, detail },
    async close() {
      stopping.abort();
      await supervision;
    },
  };
}

const never = new Promise<never>(() => {});

/**
 * The id of the namespace; null when the server does not respond within 2 s. gRPC deadlines do not shorten a call to an
 * unavailable server, so the call races a timer. If the server came back with an empty database, the namespace is
 * created again: workers stop after polling a missing namespace for a minute.
 */
async function fetchNamespaceId(connection: NativeConnection, namespace: string): Promise<string | null> {
  const response = ensureNamespace(connection, namespace).catch(() => null);
  return Promise.race([response, sleep(PROBE_TIMEOUT_MS, null, { ref: false })]);
}
