import { chmodSync, globSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ClusterPostgres, type PostgresOptions, startClusterPostgres } from './cluster-postgres.ts';
import { createTemporalDatabases } from './temporal-schema.ts';
import {
  startTemporalServer,
  startTemporalServices,
  type TemporalServer,
  type TemporalServices,
} from './temporal-server.ts';

/** Posthorn's servers in production: one Postgres, and a Temporal server whose stores are in it. */
export type Cluster<Temporal extends TemporalServer | TemporalServices = TemporalServer> = {
  postgres: ClusterPostgres;
  temporal: Temporal;
  /** The end of what both servers have logged, for the message of a failed test. */
  logs(): string;
  stop(): Promise<void>;
};

export const startCluster = (options?: PostgresOptions): Promise<Cluster> =>
  startClusterWith(startTemporalServer, options);

/** The same with a process for each service of the Temporal server. */
export const startClusterOfServices = (options?: PostgresOptions): Promise<Cluster<TemporalServices>> =>
  startClusterWith(startTemporalServices, options);

async function startClusterWith<Temporal extends TemporalServer | TemporalServices>(
  startTemporal: (dataDir: string, postgres: ClusterPostgres) => Promise<Temporal>,
  options?: PostgresOptions,
): Promise<Cluster<Temporal>> {
  const dataDir = mkdtempSync(join(tmpdir(), 'posthorn-cluster-'));
  chmodSync(dataDir, 0o711); // root's Postgres is another user, who passes through
  const postgres = await startClusterPostgres(dataDir, options);
  createTemporalDatabases(postgres);
  const temporal = await startTemporal(dataDir, postgres);
  return {
    postgres,
    temporal,
    logs: () => globSync(join(dataDir, '*.log')).sort().map(lastLines).join('\n'),
    async stop() {
      await temporal.stop();
      await postgres.stop();
      rmSync(realpathSync(join(dataDir, 'postgres')), { recursive: true });
      rmSync(dataDir, { recursive: true });
    },
  };
}

const lastLines = (file: string): string => readFileSync(file, 'utf8').split('\n').slice(-40).join('\n');
