import type pg from 'pg';
import type { Logger } from 'pino';
import type { AddressGuard } from '../egress/addresses/address-guard.ts';
import type { Quotas } from '../policy/quotas.ts';
import type { ProfileLookup } from '../profiles/profile-lookup.ts';
import type { SecretBox } from '../secrets/secret-box.ts';
import type { Clock } from '../store/postgres/database-clock.ts';
import type { EventTracing } from './events/trace-acceptance.ts';
import type { TenantReadPool } from './limits/tenant-read-pool.ts';
import type { BuiltPages } from './pages/built-pages.ts';
import type {
  Acceptor,
  BulkJobs,
  DeliveryCommands,
  EndpointStates,
  ErasureJobs,
  ListenerStreams,
  OutcomeStreams,
  Readiness,
  SettlementWaiters,
  WorkflowLinks,
} from './ports.ts';

export type ApiMetrics = {
  /** `path` is the route's pattern, not the requested path, which would create a time series per id. */
  recordRequest(method: string, path: string, status: number, seconds: number): void;
  recordAcceptedEvents(projectId: string, count: number): void;
};

export type UiName = 'dashboard' | 'portal';

export type ApiConfig = {
  adminKey: string;
  /** The maximum bytes of one event; a batch may have 16 times as many. */
  maxBodyBytes: number;
  quotas: Quotas;
  /** How long settled events are kept. */
  retentionMs: number;
  /** How long figures of whole days are kept. */
  statisticsRetentionMs: number;
  /** Without a trailing slash. */
  publicUrl: string;
  temporalUiUrl: string | null;
  /** The sample receiver of `npm start`. Its secret leaves the service only as a signature. */
  sampleReceiver?: { url: string; secret: string } | undefined;
  version: string;
  /** The pages that are served. */
  ui: UiName[];
  /** Whether endpoints may be listeners. */
  listeners: boolean;
  /** Wrong keys per minute from one address before it gets 429 responses. Defaults to 60. */
  maxWrongKeysPerMinute?: number;
  /** Networks of proxies whose X-Forwarded-For header is trusted. */
  trustedProxies?: string[];
};

export type ApiDependencies = {
  pool: pg.Pool;
  /** Separate connections for reads, so that they cannot delay the acceptance and delivery of events. */
  tenantReadPool: TenantReadPool;
  acceptor: Acceptor;
  deliveryCommands: DeliveryCommands;
  endpointStates: EndpointStates;
  erasureJobs: ErasureJobs;
  bulkJobs: BulkJobs;
  settlementWaiters: SettlementWaiters;
  streams: OutcomeStreams;
  listenerStreams: ListenerStreams;
  readiness: Readiness;
  /** Null if the pages were not built. */
  pages: BuiltPages | null;
  links: WorkflowLinks;
  guard: AddressGuard;
  profiles: ProfileLookup;
  secretBox: SecretBox;
  /** The clock for stored times. */
  clock: Clock;
  config: ApiConfig;
  log: Logger;
  metrics?: ApiMetrics;
  /** Undefined if events have no traces. */
  tracing?: EventTracing | undefined;
  /** Aborts when the process starts to shut down: streams end, and waiting requests respond at once. */
  shutdownSignal: AbortSignal;
};
