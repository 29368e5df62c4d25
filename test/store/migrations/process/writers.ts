import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { createPool, inTransaction } from '../../../../src/store/postgres/database.ts';

export type Writers = {
  /** The ids of the events that were stored, and whose attempt was recorded. */
  written: string[];
  failures: Error[];
  /** Of a statement, in milliseconds. */
  longestWait(): number;
  /** May be called again. */
  stop(): Promise<void>;
};

/**
 * Accepts events and records attempts as processes of the previous release do, with statements that the schemas from 0019e on
 * understand. As in Posthorn, a transaction that Postgres ends because of a deadlock is repeated.
 */
export function startWriters(url: string, count: number): Writers {
  const pool = createPool(url, count);
  const written: string[] = [];
  const failures: Error[] = [];
  let longest = 0;
  let stopped = false;

  const timed = async (client: pg.PoolClient, statement: string, values: unknown[]) => {
    const startedAt = performance.now();
    const result = await client.query(statement, values).finally(() => {
      longest = Math.max(longest, performance.now() - startedAt);
    });
    if (result.rowCount !== 1) throw new Error(`a statement changed ${result.rowCount} rows: ${statement}`);
  };
  const write = async (writer: number) => {
    for (let n = 0; !stopped; n++) {
      const id = `w${writer}_${n}`;
      try {
        await inTransaction(pool, async (client) => {
          for (const statement of ACCEPT) await timed(client, statement, [id]);
        });
        await inTransaction(pool, async (client) => {
          for (const statement of RECORD) await timed(client, statement, [id]);
        });
        written.push(id);
      } catch (error) {
        failures.push(error as Error);
      }
      await sleep(5);
    }
  };
  const writers = Array.from({ length: count }, (_, writer) => write(writer));
  return {
    written,
    failures,
    longestWait: () => longest,
    async stop() {
      stopped = true;
      await Promise.all(writers);
      if (!pool.ended) await pool.end();
    },
  };
}

const ACCEPT = [
  `INSERT INTO events (project_id, id, type, attributes, body, data, content_hash, profile, profile_version, status,
                       delivery_count, open_count, created_at)
   VALUES ('prj', $1, 'a', '{}', '{}', '{}', '', 'p', 1, 'pending', 1, 1, now())`,
  `INSERT INTO deliveries (id, project_id, event_id, receiver, policy, status, owner, due_at, created_at)
   VALUES ($1, 'prj', $1, 'ep', '{}', 'pending', 'workflow', now(), now())`,
];

// In the lock order of docs/architecture.md.
const RECORD = [
  `UPDATE deliveries SET status = 'delivered', attempts = 1, epoch = 1, owner = NULL, due_at = NULL, settled_at = now()
   WHERE id = $1`,
  `INSERT INTO attempts (delivery_id, epoch, number, step, trigger, started_at, duration_ms, outcome)
   VALUES ($1, 1, 1, 0, 'schedule', now(), 1, 'delivered')`,
  `UPDATE events SET status = 'delivered', open_count = 0, delivered_count = 1, settled_at = now()
   WHERE project_id = 'prj' AND id = $1`,
  `INSERT INTO outcomes (project_id, kind, event_id, status) VALUES ('prj', 'event.settled', $1, 'delivered')`,
];
