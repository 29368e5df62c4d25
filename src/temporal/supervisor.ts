import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import type { Logger } from 'pino';
import type { Activities } from '../../workflows/contract.ts';
import type { Config } from '../config.ts';
import { createGateway, type Gateway } from './gateway.ts';
import { ensureNamespace, NamespaceMissing } from './namespace.ts';
import { ensureSearchAttributes } from './search-attributes.ts';
import { type RunningWorkers, runWorkers } from './workers.ts';

export type TemporalStatus = { ok: boolean; detail?: string };

/** The connection to Temporal and, with `activities`, the workers: kept up in a loop, whatever goes away. */
export type TemporalSupervisor = {
  /** Null while Temporal is away. */
  gateway(): Gateway | null;
  status(): TemporalStatus;
  /** Resolves at the first connection. */
  connected: Promise<void>;
  /** Workers drain: what is under way is finished and recorded. */
  close(): Promise<void>;
};

/** A connection to a refused port fails at once, to a silent one not within 30 s. */
const CONNECT_WITHIN_MS = 10_000;
const PROBE_EVERY_MS = 1_000;
const PROBE_WITHIN_MS = 2_000;
const ATTRIBUTES_AGAIN_MS = 10_000;
const BACKOFF_MS = [500, 1_000, 2_000, 5_000];

export function superviseTemporal(
  config: Config['temporal'] & { address: string },
  activities: Activities | null,
  log: Logger,
): TemporalSupervisor {
  const stopping = new AbortController();
  let gateway: Gateway | null = null;
  let answers = false;
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
        detail = error instanceof NamespaceMissing ? error.message : 'cannot be reached; the log says why';
        log.warn(
          { err: error, address: config.address },
          'Temporal is away; events are accepted and wait in Postgres',
        );
        const pause = BACKOFF_MS[Math.min(failures, BACKOFF_MS.length - 1)]!;
        failures += 1;
        await sleep(pause, undefined, { signal: stopping.signal }).catch(() => {});
      }
    }
  }

  async function session(onUp: () => void): Promise<void> {
    const connection = await connectWithin(config);
    let workers: RunningWorkers | null = null;
    try {
      await ensureNamespace(connection, config.namespace);
      attributesProblem = await ensureSearchAttributes(connection, config.namespace, log);
      if (activities) workers = await runWorkers(connection, config.namespace, activities);
      // On the workers' own connection: only then is a workflow started eagerly, in this process.
      const client = new Client({ connection, namespace: config.namespace });
      gateway = createGateway(client, {
        eager: activities !== null,
        searchAttributes: () => attributesProblem === null,
      });
      answers = true;
      onUp();
      onConnected();
      log.info({ address: config.address, namespace: config.namespace }, 'connected to Temporal');
      await Promise.race([workers?.stopped ?? never, probe(connection)]);
    } finally {
      gateway = null;
      answers = false;
      await workers?.shutdown().catch((error) => log.error({ err: error }, 'a worker ended with an error'));
      await connection
        .close()
        .catch((error) => log.warn({ err: error }, 'the connection to Temporal did not close'));
    }
  }

  /** Looks once a second whether the server answers; a worker survives its absence, but starts must not be tried. */
  async function probe(connection: NativeConnection): Promise<void> {
    let attributesAt = performance.now() + ATTRIBUTES_AGAIN_MS;
    while (!stopping.signal.aborted) {
      const before = answers;
      answers = await answersWithin(connection, config.namespace);
      if (!answers) detail = 'does not answer';
      if (!before && answers) log.info('Temporal answers again');
      // It may be another database by now; and a namespace that has just been made takes none for some seconds.
      const isMissing = attributesProblem !== null && performance.now() >= attributesAt;
      if (answers && (!before || isMissing)) {
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
    status: () =>
      answers ? { ok: true, ...(attributesProblem && { detail: attributesProblem }) } : { ok: false, detail },
    async close() {
      stopping.abort();
      await kept;
    },
  };
}

const never = new Promise<never>(() => {});

async function connectWithin(config: Config['temporal'] & { address: string }): Promise<NativeConnection> {
  const connecting = NativeConnection.connect({
    address: config.address,
    ...(config.apiKey !== undefined && {
      apiKey: config.apiKey,
      metadata: { 'temporal-namespace': config.namespace },
    }),
    ...tlsOf(config),
  });
  const late = sleep(CONNECT_WITHIN_MS, 'late' as const, { ref: false });
  const connection = await Promise.race([connecting, late]);
  if (connection !== 'late') return connection;
  connecting.then((abandoned) => abandoned.close()).catch(() => {});
  throw new Error(`no answer from ${config.address} within ${CONNECT_WITHIN_MS / 1000} s`);
}

function tlsOf({ tlsCert, tlsKey, apiKey }: Config['temporal']) {
  if (tlsCert && tlsKey) return { tls: { clientCertPair: { crt: tlsCert, key: tlsKey } } };
  return apiKey === undefined ? {} : { tls: true };
}

/**
 * Deadlines do not shorten a call to a server that is away: a timer of our own does. A server that came back with an
 * empty database gets its namespace anew: workers go on polling a missing one for a minute, and then end.
 */
async function answersWithin(connection: NativeConnection, namespace: string): Promise<boolean> {
  const asked = ensureNamespace(connection, namespace).then(
    () => true,
    () => false,
  );
  return Promise.race([asked, sleep(PROBE_WITHIN_MS, false, { ref: false })]);
}
