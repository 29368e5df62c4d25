import { randomBytes } from 'node:crypto';
import { Connection, Client as TemporalClient } from '@temporalio/client';
import type { ServiceConfig } from '../../src/config/service-config.ts';
import { createLogger, type Logger } from '../../src/observability/log.ts';
import { DEFAULT_QUOTAS } from '../../src/policy/quotas.ts';
import type { Roles } from '../../src/service/roles.ts';
import { type Service, startService } from '../../src/service/start-service.ts';
import { eventually } from './eventually.ts';
import { type Client, validatingClient } from './openapi-validator.ts';
import { quietRuntime } from './quiet-runtime.ts';
import { createTestDatabase, type TestDatabase } from './servers/database.ts';
import { createTestNamespace, temporalAddress, temporalUiUrl } from './servers/temporal.ts';

export type Delivery = {
  id: string;
  event: string;
  endpoint: string | null;
  status: string;
  attempts: number;
  nextAttemptAt: string | null;
  lastOutcome: string | null;
  reason: string | null;
  replayOf: string | null;
  workflow: { id: string; url: string | null } | null;
};
export type Event = {
  id: string;
  type: string;
  status: string;
  deliveries: Delivery[];
  deliveryCount: number;
};
export type Attempt = {
  number: number;
  step: number;
  outcome: string;
  statusCode: number | null;
  trigger: string;
  resent: boolean;
  startedAt: string;
  durationMs: number;
};
export type Outcome = { kind: string; event: string; delivery?: string; status: string; reason?: string };

export type TestPosthorn = {
  url: string;
  client: Client;
  config: ServiceConfig;
  database: TestDatabase;
  temporal: TemporalClient;
  service: Service;
  project: { id: string; key: string };
  /** Calls as the project and returns the body; throws on any response that is not 2xx. */
  call<T>(method: string, path: string, body?: unknown): Promise<T>;
  newProject(settings?: object): Promise<{ id: string; key: string }>;
  newEndpoint(url: string, settings?: object): Promise<{ id: string; secret: string }>;
  post(event: object): Promise<Event>;
  eventOf(id: string): Promise<Event>;
  /** The first attempt first. */
  attemptsOf(deliveryId: string): Promise<Attempt[]>;
  /** Waits until the event has no open delivery. */
  untilSettled(id: string, timeoutMs?: number): Promise<Event>;
  close(): Promise<void>;
};

export type TestPosthornOptions = {
  roles?: Roles;
  settings?: Partial<ServiceConfig>;
  /** Reused by a second service on the same data; then `close` leaves them alone. */
  database?: TestDatabase;
  namespace?: string;
  encryptionKey?: Buffer;
  log?: Logger;
};

const ADMIN_KEY = 'admin-key-of-the-tests-0123456789';

/** All of Posthorn in this process, on a database and a namespace of its own, over real sockets. */
export async function startTestPosthorn(options: TestPosthornOptions = {}): Promise<TestPosthorn> {
  quietRuntime();
  const database = options.database ?? (await createTestDatabase());
  const namespace = options.namespace ?? (await createTestNamespace());
  const config: ServiceConfig = {
    databaseUrl: database.url,
    databasePool: 10,
    temporal: { namespace, taskQueue: 'posthorn', address: temporalAddress(), uiUrl: temporalUiUrl() },
    http: { host: '127.0.0.1', port: 0, publicUrl: 'http://posthorn.test' },
    dataDir: '/nonexistent',
    adminKey: ADMIN_KEY,
    encryptionKeys: [options.encryptionKey ?? randomBytes(32)],
    allowTargets: ['127.0.0.0/8'],
    userAgent: 'Posthorn-Test',
    maxBodyBytes: 1024 * 1024,
    ui: ['dashboard', 'portal'],
    listeners: true,
    quotas: DEFAULT_QUOTAS,
    grouping: 'auto',
    maxWorkflowWaitMs: 3 * 3_600_000,
    drainRate: 20,
    firstAttempt: process.env.POSTHORN_FIRST_ATTEMPT === 'express' ? 'express' : 'workflow',
    retentionMs: 30 * 86_400_000,
    auditRetentionMs: 365 * 86_400_000,
    statisticsRetentionMs: 400 * 86_400_000,
    ...options.settings,
  };
  const log = options.log ?? createLogger({ level: process.env.TEST_LOG_LEVEL ?? 'silent', name: 'test' });
  const service = await startService(config, options.roles ?? { api: true, worker: true }, { log });
  await service.connected;
  const url = `http://127.0.0.1:${service.port}`;
  const client = await validatingClient(url);
  const connection = await Connection.connect({ address: temporalAddress() });
  const temporal = new TemporalClient({ connection, namespace });

  const newProject = async (settings: object = {}) => {
    const made = await client.call('POST', '/v1/projects', { key: ADMIN_KEY, body: { name: 'test' } });
    const project = made.body as { id: string; key: string };
    if (Object.keys(settings).length > 0) {
      await client.call('PATCH', '/v1/project', { key: project.key, body: settings });
    }
    return project;
  };
  const project = await newProject();

  async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const answered = await client.call(method, path, { key: project.key, body });
    if (answered.status >= 300)
      throw new Error(`${method} ${path} returned ${answered.status}: ${answered.text}`);
    return answered.body as T;
  }
  const eventOf = (id: string) => call<Event>('GET', `/v1/events/${id}`);

  return {
    url,
    client,
    config,
    database,
    temporal,
    service,
    project,
    call,
    newProject,
    newEndpoint: (target, settings = {}) => call('POST', '/v1/endpoints', { url: target, ...settings }),
    post: (event) => call('POST', '/v1/events', event),
    eventOf,
    attemptsOf: async (deliveryId) =>
      (await call<{ items: Attempt[] }>('GET', `/v1/deliveries/${deliveryId}/attempts`)).items.reverse(),
    async untilSettled(id, timeoutMs = 60_000) {
      await eventually(async () => (await eventOf(id)).status !== 'pending', timeoutMs);
      return eventOf(id);
    },
    async close() {
      await connection.close();
      await service.close();
      if (!options.database) await database.drop();
    },
  };
}
