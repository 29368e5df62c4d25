import { chmodSync, existsSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type pg from 'pg';
import { createPool } from '../../../src/store/postgres/database.ts';
import { eventually } from '../../set-up/eventually.ts';
import { hasExited } from './posthorn-process.ts';

/** A data folder of `posthorn start`, and what a test can learn of it from outside. */
export type EmbeddedInstallation = {
  dataDir: string;
  /** For the process: nothing but the data folder is set, so everything is embedded. */
  env: NodeJS.ProcessEnv;
  projectKey(): string;
  /** Of the service itself, its Postgres and its Temporal. */
  pids(): number[];
  /** kill -9 of all of them in one moment; returns when they are gone. */
  killEverything(): Promise<void>;
  openPool(): pg.Pool;
  remove(): Promise<void>;
  /** The same where the start may not have come far; its servers must be gone. */
  discard(): void;
};

export function embeddedInstallation(): EmbeddedInstallation {
  const dataDir = mkdtempSync(join(tmpdir(), 'posthorn-start-'));
  chmodSync(dataDir, 0o711); // root's Postgres is another user, who passes through
  const read = (file: string) => readFileSync(join(dataDir, file), 'utf8');
  const pids = () => [
    (JSON.parse(read('lock')) as { pid: number }).pid,
    (JSON.parse(read('temporal.json')) as { pid: number }).pid,
    Number(read('postgres/data/postmaster.pid').split('\n')[0]),
  ];
  const untilGone = (all: number[]) => eventually(() => all.every(hasExited));
  return {
    dataDir,
    env: {
      POSTHORN_DATA_DIR: dataDir,
      ...Object.fromEntries(['DATABASE_URL', 'TEMPORAL_ADDRESS', 'POSTHORN_PORT'].map((name) => [name, ''])),
    },
    projectKey: () => read('api-key'),
    pids,
    async killEverything() {
      const all = pids();
      for (const pid of all) process.kill(pid, 'SIGKILL');
      await untilGone(all);
    },
    openPool: () =>
      createPool(
        `postgresql://posthorn:${read('postgres-password')}@127.0.0.1:${read('postgres-port')}/posthorn`,
        2,
      ),
    async remove() {
      const servers = knownPids();
      await untilGone(servers);
      rmSync(realpathSync(join(dataDir, 'postgres')), { recursive: true });
      rmSync(dataDir, { recursive: true });
    },
    discard() {
      const postgres = join(dataDir, 'postgres');
      if (existsSync(postgres)) rmSync(realpathSync(postgres), { recursive: true });
      rmSync(dataDir, { recursive: true });
    },
  };

  /** After the service has ended, however it did, its servers follow by themselves. */
  function knownPids(): number[] {
    try {
      return pids().filter((pid) => pid > 0);
    } catch {
      return []; // a clean stop removes the notes
    }
  }
}
