import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import pg from 'pg';
import pino from 'pino';
import { createApi } from '../../src/api/create-api.ts';
import type { ApiDependencies } from '../../src/api/dependencies.ts';
import { createTenantReadPool } from '../../src/api/limits/tenant-read-pool.ts';
import { createAddressGuard } from '../../src/egress/addresses/address-guard.ts';
import { DEFAULT_QUOTAS } from '../../src/policy/quotas.ts';
import { createProfileLookup } from '../../src/profiles/profile-lookup.ts';
import { createShippedProfiles } from '../../src/profiles/shipped/registry.ts';
import { createSecretBox } from '../../src/secrets/secret-box.ts';

export type Schema = {
  $ref?: string;
  type?: string | string[];
  const?: unknown;
  enum?: unknown[];
  anyOf?: Schema[];
  oneOf?: Schema[];
  allOf?: Schema[];
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: boolean | Schema;
  description?: string;
};
export type Operation = {
  operationId: string;
  tags: string[];
  parameters?: { name: string; in: string; required?: boolean; description?: string; schema: Schema }[];
};
export type OpenApi = {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
};

/** Returns the response to GET /openapi.json of an API without database and Temporal, which that route does not use. */
export async function loadOpenApiDocument(): Promise<OpenApi> {
  const unusedDependencies = {} as ApiDependencies;
  const app = createApi({
    ...unusedDependencies,
    pool: new pg.Pool(),
    tenantReadPool: createTenantReadPool(new pg.Pool()),
    guard: createAddressGuard([]),
    profiles: createProfileLookup(createShippedProfiles(), { find: async () => undefined }),
    secretBox: createSecretBox([Buffer.alloc(32)]),
    log: pino({ level: 'silent' }),
    shutdownSignal: new AbortController().signal,
    config: {
      quotas: DEFAULT_QUOTAS,
      retentionMs: 0,
      statisticsRetentionMs: 1,
      adminKey: 'none',
      maxBodyBytes: 1,
      publicUrl: 'http://127.0.0.1:4000',
      temporalUiUrl: null,
      version: '0.0.0',
      ui: [],
      listeners: true,
    },
  });
  const server = createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  try {
    const response = await fetch(`http://127.0.0.1:${port}/openapi.json`, {
      headers: { connection: 'close' },
    });
    return (await response.json()) as OpenApi;
  } finally {
    server.close();
  }
}
