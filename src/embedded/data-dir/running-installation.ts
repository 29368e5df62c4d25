import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readFileIfExists } from './local-secrets.ts';

/** Stores the URL of the API for other commands on this machine, until the returned function is called. */
export function recordApiUrl(dataDir: string, url: string): () => void {
  const file = join(dataDir, 'api-url');
  writeFileSync(file, `${url}\n`, { mode: 0o600 });
  return () => rmSync(file, { force: true });
}

/** Undefined unless `posthorn start` is running on the folder, or was killed. */
export const readApiUrl = (dataDir: string): string | undefined => readFileIfExists(join(dataDir, 'api-url'));

/** The admin key that an embedded installation has generated. */
export const readAdminKey = (dataDir: string): string | undefined =>
  readFileIfExists(join(dataDir, 'admin-key'));

/** The key of the project `default` of an embedded installation. */
export const readProjectKey = (dataDir: string): string | undefined =>
  readFileIfExists(join(dataDir, 'api-key'));

/** The servers that `posthorn start` runs, or ran, on the folder. A server that it does not run itself is missing. */
export function runningServers(dataDir: string): {
  databaseUrl?: string;
  temporalAddress?: string;
  ports: number[];
} {
  const postgresPort = readFileIfExists(join(dataDir, 'postgres-port'));
  const password = readFileIfExists(join(dataDir, 'postgres-password'));
  const temporal = readFileIfExists(join(dataDir, 'temporal.json'));
  const { port, uiPort } = JSON.parse(temporal ?? '{}') as { port?: number; uiPort?: number };
  return {
    ...(postgresPort && password && { databaseUrl: embeddedPostgresUrl(postgresPort, password) }),
    ...(port && { temporalAddress: `127.0.0.1:${port}` }),
    ports: [Number(postgresPort), port, uiPort].filter((one): one is number => Boolean(one)),
  };
}

const embeddedPostgresUrl = (port: string, password: string): string =>
  `postgresql://posthorn:${password}@127.0.0.1:${port}/posthorn`;
