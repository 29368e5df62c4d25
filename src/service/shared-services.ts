import type { Logger } from 'pino';
import { createHeartbeats, type Heartbeats } from '../background/heartbeats.ts';
import type { Config } from '../config/config.ts';
import type { ServiceConfig } from '../config/service-config.ts';
import { type AddressGuard, createAddressGuard } from '../egress/addresses/address-guard.ts';
import { createNat64, systemResolve6 } from '../egress/addresses/nat64.ts';
import { createOwnServices, type OwnServices } from '../egress/addresses/own-services.ts';
import { openFilesLimit, type SocketBudget, socketBudget } from '../limits/socket-budget.ts';
import { createMetrics, type Metrics } from '../observability/metrics.ts';
import { throttledReading } from '../observability/throttled-reading.ts';
import type { EndpointSelection } from '../policy/endpoint-selection.ts';
import { createProfileLookup, type ProfileLookup } from '../profiles/profile-lookup.ts';
import { createShippedProfiles } from '../profiles/shipped/registry.ts';
import { createSecretBox, type SecretBox } from '../secrets/secret-box.ts';
import { oldestUnattemptedSeconds, retriesWaiting } from '../store/deliveries/gauges.ts';
import { createNotifications, type Notifications } from '../store/outcomes/notifications.ts';
import { createDatabaseClock, type DatabaseClock } from '../store/postgres/database-clock.ts';
import { storedProfiles } from '../store/projects/profiles.ts';
import { receiversCoolingDown } from '../store/receivers/failures/cooling-down.ts';
import { deletedEndpoints, openOfEndpoints } from '../store/statistics/open-of-endpoints.ts';
import { statisticsLagSeconds } from '../store/statistics/statistics-state.ts';
import { type ConnectionPools, openConnectionPools } from './connection-pools.ts';
import { ownServersOf } from './own-servers.ts';
import { type Roles, roleNameOf } from './roles.ts';
import { startTracing, type Tracing } from './tracing.ts';

/** Concurrent attempts per outbound socket: a connection may need a second socket for its address, and one for DNS. */
const ATTEMPTS_PER_SOCKET = 0.75;
/** Connections of one tenant to one host of a receiver, and so the concurrent attempts of a slow receiver. */
export const CONNECTIONS_PER_HOST = 32;

/** What the API and the worker of a process share. */
export type SharedServices = {
  config: ServiceConfig;
  roles: Roles;
  log: Logger;
  metrics: Metrics;
  sockets: SocketBudget;
  attemptSlots: number;
  pools: ConnectionPools;
  notifications: Notifications;
  clock: DatabaseClock;
  profiles: ProfileLookup;
  secretBox: SecretBox;
  ownServices: OwnServices;
  guard: AddressGuard;
  heartbeats: Heartbeats;
  tracing: Tracing | undefined;
  /** Logs the failure of a background task. */
  onFailure(error: unknown): void;
};

/** Creates what both roles use, and starts the heartbeats of this process. Rejects if too few files may be open. */
export async function createSharedServices(
  config: ServiceConfig,
  roles: Roles,
  log: Logger,
  logLinesLost: (() => number) | undefined,
): Promise<SharedServices> {
  const metrics = createMetrics(config.endpointMetrics);
  const sockets = socketBudget(openFilesLimit(), config.databasePool);
  const attemptSlots = Math.floor(sockets.outbound * ATTEMPTS_PER_SOCKET);
  const tracing = await startTracing(config, roles, log, metrics);
  const pools = openConnectionPools(config);
  const notifications = createNotifications(config.databaseDirectUrl ?? config.databaseUrl);
  const clock = createClock(pools, log);
  const { guard, ownServices } = createGuard(config);

  metrics.addReadings({
    oldestUnattempted: throttledReading(() => oldestUnattemptedSeconds(pools.read)),
    retriesWaiting: throttledReading(() => retriesWaiting(pools.read)),
    statisticsLag: throttledReading(() => statisticsLagSeconds(pools.read)),
    coolingDown: throttledReading(() => receiversCoolingDown(pools.read)),
    ...(logLinesLost && { logLinesLost }),
    clockSkew: () => (clock.skewMs() ?? Number.NaN) / 1000,
    pools: pools.usage,
  });
  if (config.endpointMetrics) addEndpointReadings(config.endpointMetrics, metrics, pools);

  return {
    config,
    roles,
    log,
    metrics,
    sockets,
    attemptSlots,
    pools,
    notifications,
    clock,
    profiles: createProfileLookup(createShippedProfiles(), storedProfiles(pools.main)),
    secretBox: createSecretBox(config.encryptionKeys),
    ownServices,
    guard,
    heartbeats: startHeartbeats(pools, roles, attemptSlots, metrics, log),
    tracing,
    onFailure: (error) => log.error({ err: error }, 'a background task failed'),
  };
}

function addEndpointReadings(
  selection: EndpointSelection,
  { endpoints }: Metrics,
  { read }: ConnectionPools,
): void {
  endpoints?.addReadings({
    openDeliveries: throttledReading(() => openOfEndpoints(read, selection)),
    deleted: (ids) => deletedEndpoints(read, ids),
  });
}

/** The guard of requests to receivers, and Posthorn's own servers, which it never allows. */
export function createGuard(config: Config): { guard: AddressGuard; ownServices: OwnServices } {
  const ownServices = createOwnServices(ownServersOf(config));
  const nat64 = createNat64({ prefixes: config.nat64Prefixes ?? [], resolve6: systemResolve6 });
  return {
    guard: createAddressGuard(config.allowTargets, ownServices, nat64, config.allowPorts),
    ownServices,
  };
}

function createClock(pools: ConnectionPools, log: Logger): DatabaseClock {
  return createDatabaseClock({
    pool: pools.main,
    onSkew: (ms) =>
      log.error(
        { aheadSeconds: Math.round(ms / 1000) },
        "this machine's clock differs from the clock of Postgres, which dates what is stored and signed: set this machine's clock",
      ),
    onSkewResolved: () => log.info("this machine's clock agrees with the clock of Postgres again"),
  });
}

function startHeartbeats(
  pools: ConnectionPools,
  roles: Roles,
  attemptSlots: number,
  metrics: Metrics,
  log: Logger,
): Heartbeats {
  const heartbeats = createHeartbeats({
    db: pools.heartbeat,
    role: roleNameOf(roles),
    attemptSlots: roles.worker ? attemptSlots : 0,
    onProcessLost: (lost) => {
      metrics.processesLost.inc({ role: lost.role });
      metrics.attemptsInterrupted.inc({ role: lost.role }, lost.interruptedAttempts);
      log.warn(
        { process: lost },
        'a process ended without shutting down; its in-flight attempts become unknown and are repeated',
      );
    },
    onRejoined: () =>
      log.warn(
        { processId: heartbeats.id },
        'other processes declared this process lost because it wrote no heartbeat; its in-flight attempts may be sent twice',
      ),
    onFailure: (error) =>
      log.warn(
        { err: error },
        'a heartbeat could not be written; other processes declare this process lost after 5 to 30 s without one',
      ),
  });
  return heartbeats;
}
