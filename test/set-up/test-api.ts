import { randomBytes } from 'node:crypto';
import type { Server } from 'node:http';
import pino from 'pino';
import { createApi } from '../../src/api/create-api.ts';
import type { ApiConfig, ApiDependencies } from '../../src/api/dependencies.ts';
import { createHttpServer } from '../../src/api/http/server.ts';
import { createTenantReadPool } from '../../src/api/limits/tenant-read-pool.ts';
import type { Acceptor, DeliveryCommands } from '../../src/api/ports.ts';
import { createEndpointStates } from '../../src/background/endpoint-states.ts';
import { createDeliveryCommands } from '../../src/dispatch/delivery-commands.ts';
import { createAddressGuard } from '../../src/egress/addresses/address-guard.ts';
import { DEFAULT_QUOTAS } from '../../src/policy/quotas.ts';
import { createProfileLookup } from '../../src/profiles/profile-lookup.ts';
import { createShippedProfiles } from '../../src/profiles/shipped/registry.ts';
import { createSecretBox, type SecretBox } from '../../src/secrets/secret-box.ts';
import { storedProfiles } from '../../src/store/projects/profiles.ts';
import { acceptEvents } from '../store/accept-events.ts';
import { type Client, validatingClient } from './openapi-validator.ts';
import { PROCESS_CLOCK } from './process-clock.ts';
import { createTestDatabase, type TestDatabase } from './servers/database.ts';

export const ADMIN_KEY = 'admin-key-of-the-tests-0123456789';

export type TestApi = Client & {
  url: string;
  server: Server;
  database: TestDatabase;
  secretBox: SecretBox;
  /** A new project: its id and key. */
  newProject(name?: string): Promise<{ id: string; key: string }>;
  /** As when the process stops, with the database still there. */
  closeServer(): Promise<void>;
  close(): Promise<void>;
};

/** The API on a real socket and a real Postgres, without Temporal: deliveries stay as they are accepted. */
export async function startTestApi({
  maxConnections,
  ...replace
}: Partial<Omit<ApiDependencies, 'config'>> & {
  config?: Partial<ApiConfig>;
  maxConnections?: number;
} = {}): Promise<TestApi> {
  const database = await createTestDatabase();
  const secretBox = createSecretBox([randomBytes(32)]);
  const closing = new AbortController();
  const app = createApi({
    pool: database.pool,
    tenantReadPool: createTenantReadPool(database.pool),
    acceptor: createUnassigningAcceptor(database, secretBox),
    deliveryCommands: steeringWithoutWorkflows(database),
    endpointStates: createEndpointStates({
      pool: database.pool,
      drainRate: 0,
      onReleased: () => {},
      onEnded: () => {},
      onOutcomes: () => {},
      onFailure: throwOn,
    }),
    erasureJobs: { wake: () => {} },
    bulkJobs: { start: () => {} },
    settlementWaiters: { waitUntilSettled: async () => false },
    listenerStreams: { open: async () => null, respond: async () => 'not_found' },
    streams: { open: async () => 'expired' },
    readiness: { check: async () => ({ ready: true, components: { postgres: { ok: true } } }) },
    pages: null,
    links: { urlOf: async () => null },
    guard: createAddressGuard(['127.0.0.0/8']),
    profiles: createProfileLookup(createShippedProfiles(), storedProfiles(database.pool)),
    secretBox,
    clock: PROCESS_CLOCK,
    log: pino({ level: 'silent' }),
    shutdownSignal: closing.signal,
    ...replace,
    config: {
      adminKey: ADMIN_KEY,
      maxBodyBytes: 64 * 1024,
      publicUrl: 'http://posthorn.test',
      temporalUiUrl: null,
      version: '1.2.3',
      ui: ['dashboard', 'portal'],
      listeners: true,
      quotas: DEFAULT_QUOTAS,
      retentionMs: 30 * 86_400_000,
      statisticsRetentionMs: 400 * 86_400_000,
      ...replace.config,
    },
  });
  const server = createHttpServer(
    app,
    closing,
    'http://posthorn.test',
    maxConnections ? { maxConnections } : {},
  );
  const url = `http://127.0.0.1:${await server.listen('127.0.0.1', 0)}`;
  const client = await validatingClient(url);
  return {
    ...client,
    url,
    server: server.server,
    database,
    secretBox,
    newProject: async (name = 'test') =>
      (await client.call('POST', '/v1/projects', { key: ADMIN_KEY, body: { name } })).body as {
        id: string;
        key: string;
      },
    closeServer: () => server.close(),
    close: async () => {
      await server.close();
      await database.drop();
    },
  };
}

/** Stores events as they come, and assigns nothing. */
export function createUnassigningAcceptor({ pool }: TestDatabase, box: SecretBox): Acceptor {
  return {
    acceptOne: async (draft) => (await acceptEvents(pool, box, [draft])).results[0]!,
    acceptAll: async (drafts) =>
      (await acceptEvents(pool, box, drafts, undefined, { allOrNone: true })).results,
  };
}

const steeringWithoutWorkflows = ({ pool }: TestDatabase): DeliveryCommands =>
  createDeliveryCommands({
    pool,
    signals: () => null,
    onReleased: () => {},
    onOutcomes: () => {},
    onFailure: throwOn,
  });

const throwOn = (error: unknown): never => {
  throw error;
};
