import type pg from 'pg';
import type { Logger } from 'pino';
import type { AddressGuard } from '../egress/addresses/address-guard.ts';
import type { Quotas } from '../policy/quotas.ts';
import type { ProfileLookup } from '../profiles/profile-lookup.ts';
import type { SecretBox } from '../secrets/secret-box.ts';
import type { Clock } from '../store/postgres/database-clock.ts';
import type { TenantReadPool } from './limits/tenant-read-pool.ts';
import type {
  Acceptor,
  DeliveryCommands,
  EndpointStates,
  OutcomeStreams,
  Readiness,
  SettlementWaiters,
  WorkflowLinks,
} from './ports.ts';

export type ApiMetrics = {
  /** `path` is the pattern of the route, never the address that was asked for. */
  recordRequest(method: string, path: string, status: number, seconds: number): void;
  recordAcceptedEvents(projectId: string, count: number): void;
};

export type ApiConfig = {
  adminKey: string;
  /** Bytes of one event; a batch may have 16 times that. */
  maxBodyBytes: number;
  /** The defaults when left out. */
  quotas?: Quotas;
  /** Without a slash at its end. */
  publicUrl: string;
  temporalUiUrl: string | null;
  /** Wrong keys that one address may send in a minute before it is answered 429. */
  maxWrongKeysPerMinute?: number;
  /** Networks of proxies whose header X-Forwarded-For says who called. */
  trustedProxies?: string[];
};

export type ApiDependencies = {
  pool: pg.Pool;
  /** What callers read is read here, apart from what accepts and delivers. */
  tenantReadPool: TenantReadPool;
  acceptor: Acceptor;
  deliveryCommands: DeliveryCommands;
  endpointStates: EndpointStates;
  settlementWaiters: SettlementWaiters;
  streams: OutcomeStreams;
  readiness: Readiness;
  links: WorkflowLinks;
  guard: AddressGuard;
  profiles: ProfileLookup;
  secretBox: SecretBox;
  /** Dates what is stored. */
  clock: Clock;
  config: ApiConfig;
  log: Logger;
  metrics?: ApiMetrics;
  /** Aborted when the process begins to stop: streams end and waiting requests answer at once. */
  shutdownSignal: AbortSignal;
};
