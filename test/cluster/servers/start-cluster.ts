import { chmodSync, existsSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ClusterPostgres, startClusterPostgres } from './cluster-postgres.ts';
import { createTemporalDatabases, startTemporalServer, type TemporalServer } from './temporal-server.ts';

/** Posthorn's servers in production: one Postgres, and a Temporal server whose stores are in it. */
export type Cluster = {
  postgres: ClusterPostgres;
  temporal: TemporalServer;
  /** The end of what both servers have logged, for the message of a failed test. */
  logs(): string;
  stop(): Promise<void>;
};

/** `postgresBin` is the folder of an installed Postgres's programs; without it, the embedded ones run. */
export async function startCluster(postgresBin?: string): Promise<Cluster> {
  const dataDir = mkdtempSync(join(tmpdir(), 'posthorn-cluster-'));
  chmodSync(dataDir, 0o711); // root's Postgres is another user, who passes through
  const postgres = await startClusterPostgres(dataDir, postgresBin);
  createTemporalDatabases(postgres);
  const temporal = await startTemporalServer(dataDir, postgres);
  return {
    postgres,
    temporal,
    logs: () => ['temporal.log', 'postgres.log'].map((name) => lastLines(join(dataDir, name))).join('\n'),
    async stop() {
      await temporal.stop();
      await postgres.stop();
      rmSync(realpathSync(join(dataDir, 'postgres')), { recursive: true });
      rmSync(dataDir, { recursive: true });
    },
  };
}

const lastLines = (file: string): string =>
  existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(-40).join('\n') : '';
