import { createHash } from 'node:crypto';
import type pg from 'pg';
import { baseUrlOf, type Config } from '../config/config.ts';
import type { ServiceConfig } from '../config/service-config.ts';
import { upsertDefaultProject } from '../store/projects/default-project.ts';
import { lockDataDir } from './data-dir/data-dir-lock.ts';
import { type LocalSecrets, readOrCreateLocalSecrets } from './data-dir/local-secrets.ts';
import { findFreePortOn } from './free-port.ts';
import { startEmbeddedPostgres } from './postgres/postgres.ts';
import { startDevServer } from './temporal/temporal.ts';
import { findTemporalCli } from './temporal/temporal-cli.ts';

/** The embedded servers of `npm start`, and the configuration that leads to them. */
export type EmbeddedServices = {
  config: ServiceConfig;
  /** Null if DATABASE_URL is set: then the operator provides the keys. */
  secrets: LocalSecrets | null;
  stop(): Promise<void>;
};

export type StartEmbeddedOptions = {
  /** The API may use another port if its port is taken, because the port was not configured. */
  allowPortChange: boolean;
  print: (line: string) => void;
  /** Cancels the start. What has been started is stopped before the promise rejects. */
  signal: AbortSignal;
};

/** Starts Postgres and Temporal unless they are configured. `stop` stops what was started, last first. */
export async function startEmbedded(
  config: Config,
  { allowPortChange, print, signal }: StartEmbeddedOptions,
): Promise<EmbeddedServices> {
  const isEmbedded = !config.databaseUrl || !config.temporal.address;
  const closers: (() => Promise<void> | void)[] = isEmbedded ? [lockDataDir(config.dataDir)] : [];
  const stop = async () => {
    for (const close of closers.splice(0).reverse()) await close();
  };
  try {
    const secrets = config.databaseUrl ? null : readOrCreateLocalSecrets(config.dataDir);
    let { databaseUrl } = config;
    let { address, uiUrl, cliPath } = config.temporal;
    // First, because it may take minutes, and nothing else has to be stopped if the user gives up.
    if (!address) cliPath = await findTemporalCli({ cliPath, log: print, signal });
    if (!databaseUrl) {
      print('Starting Postgres …');
      const postgres = await startEmbeddedPostgres({ dataDir: config.dataDir, log: print, signal });
      closers.push(postgres.stop);
      databaseUrl = postgres.url;
    }
    let embeddedPorts: number[] = [];
    if (!address) {
      print('Starting Temporal and its Web UI …');
      const server = await startDevServer({ dataDir: config.dataDir, cliPath, log: print, signal });
      closers.push(server.stop);
      address = server.address;
      embeddedPorts = server.ports;
      uiUrl ??= server.uiUrl;
    }
    const { host } = config.http;
    const port = allowPortChange ? await findFreePortOn(host, config.http.port) : config.http.port;
    const ownUrl = config.http.publicUrl === baseUrlOf(host, config.http.port);
    return {
      config: {
        ...config,
        databaseUrl,
        embeddedPorts,
        temporal: { ...config.temporal, address, ...(uiUrl && { uiUrl }) },
        http: { host, port, publicUrl: ownUrl ? baseUrlOf(host, port) : config.http.publicUrl },
        adminKey: config.adminKey ?? secrets?.adminKey ?? '',
        encryptionKeys:
          config.encryptionKeys.length > 0 || !secrets ? config.encryptionKeys : [secrets.encryptionKey],
      },
      secrets,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Creates the project `default` if necessary, and makes the key in the data folder its key. */
export async function ensureDefaultProject(pool: pg.Pool, { projectKey }: LocalSecrets): Promise<void> {
  await upsertDefaultProject(pool, createHash('sha256').update(projectKey).digest());
}
