import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findFreePort } from '../../../src/embedded/free-port.ts';
import { startEmbeddedPostgres } from '../../../src/embedded/postgres/postgres.ts';
import { startDevServer } from '../../../src/embedded/temporal/temporal.ts';
import { eventually } from '../../set-up/eventually.ts';
import { nonEphemeralPort } from './non-ephemeral-port.ts';
import { hasExited } from './posthorn-process.ts';

export { nonEphemeralPort };

/** A server that a test may kill, and start again at the same address on the same data. */
export type KillableServer = {
  /** As kill -9: returns when the process is gone. */
  kill(): Promise<void>;
  start(): Promise<void>;
};

export type OwnServers = {
  postgres: KillableServer & { urlOf(database: string): string };
  temporal: KillableServer & { address: string; deleteData(): void };
  stop(): Promise<void>;
};

const log = () => {};

/** A Postgres that really syncs and a Temporal server on a database file, for tests that kill them. */
export async function startOwnServers(): Promise<OwnServers> {
  const dataDir = mkdtempSync(join(tmpdir(), 'posthorn-faults-'));
  chmodSync(dataDir, 0o711); // root's Postgres is another user, who passes through
  // Away from 7233, which other tests take while ours is down.
  const ports = {
    port: await findFreePort(nonEphemeralPort()),
    uiPort: await findFreePort(nonEphemeralPort()),
  };
  writeFileSync(join(dataDir, 'temporal.json'), JSON.stringify({ pid: 0, ...ports }));

  let postgres = await startEmbeddedPostgres({ dataDir, log });
  const startTemporal = () => startDevServer({ dataDir, cliPath: process.env.TEMPORAL_CLI_PATH, log });
  let temporal = await startTemporal();
  return {
    postgres: {
      urlOf: (database) => Object.assign(new URL(postgres.url), { pathname: database }).toString(),
      kill: () => killNow(postgres.pid),
      async start() {
        postgres = await startEmbeddedPostgres({ dataDir, log });
      },
    },
    temporal: {
      address: temporal.address,
      kill: () => killNow(temporal.pid),
      async start() {
        temporal = await startTemporal();
      },
      deleteData() {
        for (const suffix of ['', '-wal', '-shm'])
          rmSync(join(dataDir, `temporal.db${suffix}`), { force: true });
      },
    },
    async stop() {
      await temporal.stop();
      await postgres.stop();
      rmSync(postgres.folder, { recursive: true });
      rmSync(dataDir, { recursive: true });
    },
  };
}

async function killNow(pid: number): Promise<void> {
  process.kill(pid, 'SIGKILL');
  await eventually(() => hasExited(pid));
}
