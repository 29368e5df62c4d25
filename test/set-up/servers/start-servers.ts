import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedPostgres } from '../../../src/embedded/postgres/postgres.ts';
import { startDevServer } from '../../../src/embedded/temporal/temporal.ts';
import { migrate } from '../../../src/store/migrations/migrate.ts';
import { onStop, stopAll } from './running-servers.ts';

/** One Postgres, whose migrated database is the template of every suite's, and one Temporal server for the run. */
export default async function startServers(): Promise<void> {
  try {
    await startPostgres();
    await startTemporal();
  } catch (error) {
    await stopAll(); // jest calls no teardown after a set-up that failed
    throw error;
  }
}

const log = (line: string) => void process.stderr.write(`${line}\n`);

async function startPostgres(): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), 'posthorn-test-'));
  chmodSync(dataDir, 0o711); // root's Postgres is another user, who passes through
  onStop(() => rmSync(dataDir, { recursive: true }));

  const postgres = await startEmbeddedPostgres({ dataDir, log, durable: false });
  onStop(() => rmSync(postgres.folder, { recursive: true }));
  onStop(postgres.stop);
  await migrate(postgres.url);
  process.env.POSTHORN_TEST_POSTGRES = postgres.url;
}

async function startTemporal(): Promise<void> {
  const temporal = await startDevServer({ cliPath: process.env.TEMPORAL_CLI_PATH, log });
  onStop(temporal.stop);
  process.env.POSTHORN_TEST_TEMPORAL = temporal.address;
  process.env.POSTHORN_TEST_TEMPORAL_UI = temporal.uiUrl;
}
