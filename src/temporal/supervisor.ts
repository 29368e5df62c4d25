import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from '@temporalio/client';
import type { NativeConnection } from '@temporalio/worker';
import type { Logger } from 'pino';
import type { Activities } from '../../workflows/contract.ts';
import type { Config } from '../config/config.ts';
import { loadWorkflowBundle } from './bundle/load-workflow-bundle.ts';
import { connectToTemporal } from './connect.ts';
import { describeTemporalFailure } from './describe-failure.ts';
import { isPolling } from './describe-pollers.ts';
import { createTemporalGateway, type TemporalGateway } from './gateway.ts';
import { ensureNamespace } from './namespace.ts';
import { ensureSearchAttributes } from './search-attributes.ts';
import { type RunningWorkers, runWorkers } from './workers.ts';

export type TemporalStatus = { ok: boolean; detail?: string };

/** The connection to Temporal and, with `activities`, the workers: kept up in a loop, whatever goes away. */
export type TemporalSupervisor = {
  /** Null while Temporal is away. */
  gateway(): TemporalGateway | null;
  status(): TemporalStatus;
  /** True while the server answers and has polls of our workers on all their queues; always without workers. */
  isPolling(): boolean;
  /** Resolves at the first connection, with workers once they poll. */
  connected: Promise<void>;
  /** Workers drain: what is under way is finished and recorded. */
  close(): Promise<void>;
};

const PROBE_EVERY_MS = 1_000;
const PROBE_WITHIN_MS = 2_000;
const POLLS_AGAIN_MS = 100;
const POLLS_SEEN_WITHIN_MS = 10_000;
const ATTRIBUTES_AGAIN_MS = 10_000;
const BACKOFF_MS = [500, 1_000, 2_000, 5_000];

export function superviseTemporal(
  config: Config['temporal'] & { address: string },
  activities: Activities | null,
  log: Logger,
): TemporalSupervisor {
  const stopping = new AbortController();
  let gateway: TemporalGateway | null = null;
  let answers = false;
  let polls = activities === null;
  let attributesProblem: string | null = null;
  let detail = 'not connected yet';
  const { promise: connected, resolve: onConnected } = Promise.withResolvers<void>();

  async function keepUp(): Promise<void> {
    for (let failures = 0; !stopping.signal.aborted; ) {
      try {
        await session(() => {
          failures = 0;
        });
      } catch (error) {
        if (stopping.signal.aborted) return;
        tellOf(error);
        const pause = BACKOFF_MS[Math.min(failures, BACKOFF_MS.length - 1)]!;
        failures += 1;
        await sleep(pause, undefined, { signal: stopping.signal }).catch(() => {});
      }
    }
  }

  /** Once for each reason: while it lasts the log would hold little else. */
  function tellOf(error: unknown): void {
    const reason = describeTemporalFailure(error, config);
    if (reason !== detail) log.warn(`Temporal is away; events are accepted and wait in Postgres. ${reason}`);
    else log.debug({ err: error }, 'Temporal is still away');
    detail = reason;
  }

  async function session(onUp: () => void): Promise<void> {
    const bundle = activities ? loadWorkflowBundle(stopping.signal) : null;
    bundle?.catch(() => {}); // awaited below, if Temporal answers first
    const connection = await connectToTemporal(config, stopping.signal);
    let workers: RunningWorkers | null = null;
    try {
      const namespaceId = await ensureNamespace(connection, config.namespace);
      attributesProblem = await ensureSearchAttributes(connection, config.namespace, log);
      if (activities && bundle) {
        workers = await runWorkers(connection, config.namespace, activities, await bundle);
      }
      // On the workers' own connection: only then is a workflow started eagerly, in this process.
      const client = new Client({ connection, namespace: config.namespace });
      gateway = createTemporalGateway(client, {
        eager: activities !== null,
        hasSearchAttributes: () => attributesProblem === null,
      });
      answers = true;
      detail = 'does not answer';
      onUp();
      if (workers) void watchPolls(connection, workers).finally(onConnected);
      else onConnected();
      log.info({ address: config.address, namespace: config.namespace }, 'connected to Temporal');
      await Promise.race([workers?.stopped ?? never, probe(connection, namespaceId)]);
    } finally {
      gateway = null;
      answers = false;
      polls = activities === null;
      await workers?.shutdown().catch((error) => log.error({ err: error }, 'a worker ended with an error'));
      await connection
        .close()
        .catch((error) => log.warn({ err: error }, 'the connection to Temporal did not close'));
    }
  }

  async function watchPolls(connection: NativeConnection, workers: RunningWorkers): Promise<void> {
    let running = true;
    workers.stopped.catch(() => {}).finally(() => (running = false));
    const until = performance.now() + POLLS_SEEN_WITHIN_MS;
    while (running && !stopping.signal.aborted && !polls) {
      // A server that does not tell who polls must not keep the start waiting.
      if (performance.now() > until) onConnected();
      const seen = await isPolling(connection, config.namespace, workers.identity).catch(() => false);
      polls = seen && running;
      if (!seen) await sleep(POLLS_AGAIN_MS);
    }
    if (polls) log.info('the workers poll their queues');
  }

  /** Looks once a second whether the server answers; a worker survives its absence, but starts must not be tried. */
  async function probe(connection: NativeConnection, known: string): Promise<void> {
    let attributesAt = performance.now() + ATTRIBUTES_AGAIN_MS;
    let namespaceId = known;
    while (!stopping.signal.aborted) {
      const before = answers;
      const found = await namespaceWithin(connection, config.namespace);
      answers = found !== null;
      if (!before && answers) log.info('Temporal answers again');
      // A restart may be over between two probes: only the id tells that it is another database by now.
      const isAnother = found !== null && found !== namespaceId;
      namespaceId = found ?? namespaceId;
      // A namespace that has just been made takes none for some seconds.
      const isMissing = attributesProblem !== null && performance.now() >= attributesAt;
      if (answers && (!before || isAnother || isMissing)) {
        attributesProblem = await ensureSearchAttributes(connection, config.namespace, log);
        attributesAt = performance.now() + ATTRIBUTES_AGAIN_MS;
      }
      await sleep(PROBE_EVERY_MS, undefined, { signal: stopping.signal }).catch(() => {});
    }
  }

  const kept = keepUp();
  return {
    gateway: () => (answers ? gateway : null),
    connected,
    isPolling: () => answers && polls,
    status: () =>
      answers ? { ok: true, ...(attributesProblem && { detail: attributesProblem }) } : { ok: false, detail },
    async close() {
      stopping.abort();
      await kept;
    },
  };
}

const never = new Promise<never>(() => {});

/**
 * Deadlines do not shorten a call to a server that is away: a timer of our own does. A server that came back with an
 * empty database gets its namespace anew: workers go on polling a missing one for a minute, and then end.
 */
async function namespaceWithin(connection: NativeConnection, namespace: string): Promise<string | null> {
  const asked = ensureNamespace(connection, namespace).catch(() => null);
  return Promise.race([asked, sleep(PROBE_WITHIN_MS, null, { ref: false })]);
}
