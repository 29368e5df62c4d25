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

/** Everything that `npm start` has beside the service itself. */
export type EmbeddedServices = {
  config: ServiceConfig;
  /** Null where DATABASE_URL is set: keys are the operator's then. */
  secrets: LocalSecrets | null;
  stop(): Promise<void>;
};

export type StartEmbeddedOptions = {
  /** The API may listen elsewhere when its port is taken: nobody asked for this one. */
  allowPortChange: boolean;
  print: (line: string) => void;
  /** Ends what is under way; what was started is stopped again before the promise rejects. */
  signal: AbortSignal;
};

/** Starts Postgres and Temporal where their variables are unset. `stop` ends what was started, last first. */
export async function startEmbedded(
  config: Config,
  { allowPortChange, print, signal }: StartEmbeddedOptions,
): Promise<EmbeddedServices> {
  const isEmbedded = !config.databaseUrl || !config.temporal.address;
  const stops: (() => Promise<void> | void)[] = isEmbedded ? [lockDataDir(config.dataDir)] : [];
  const stop = async () => {
    for (const one of stops.splice(0).reverse()) await one();
  };
  try {
    const secrets = config.databaseUrl ? null : readOrCreateLocalSecrets(config.dataDir);
    let { databaseUrl } = config;
    let { address, uiUrl, cliPath } = config.temporal;
    // First, since it may take minutes: nothing else runs yet that an impatient user would have to stop.
    if (!address) cliPath = await findTemporalCli({ cliPath, log: print, signal });
    if (!databaseUrl) {
      print('Starting Postgres …');
      const postgres = await startEmbeddedPostgres({ dataDir: config.dataDir, log: print, signal });
      stops.push(postgres.stop);
      databaseUrl = postgres.url;
    }
    let embeddedPorts: number[] = [];
    if (!address) {
      print('Starting Temporal and its Web UI …');
      const server = await startDevServer({ dataDir: config.dataDir, cliPath, log: print, signal });
      stops.push(server.stop);
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
