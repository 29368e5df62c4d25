import type pg from 'pg';
import type { ReceiverInstruction } from '../../../src/policy/receiver-instruction.ts';
import { claimDeliveries } from '../../../src/store/deliveries/claims/claim-deliveries.ts';
import type { AttemptRecord } from '../../../src/store/deliveries/recording/attempt-record.ts';
import { recordAttempts } from '../../../src/store/deliveries/recording/record-attempts.ts';
import { attemptRecordOf } from '../attempt-record.ts';
import type { SeededStore } from '../seed.ts';

export const failure = (instruction: ReceiverInstruction, coolsDown = true): Partial<AttemptRecord> => ({
  receiverFailure: { instruction, coolsDown },
});
export const PLAIN = failure({ kind: 'none' });
export const DELIVERED: Partial<AttemptRecord> = { outcome: 'delivered', statusCode: 200, retryInMs: null };
/** What Posthorn caused itself. */
export const OURS: Partial<AttemptRecord> = { outcome: 'blocked', statusCode: null };

export type AttemptedEndpoint = Awaited<ReturnType<typeof newAttemptedEndpoint>>;

/** An endpoint of a new project, with what attempts at it leave in the tables. */
export async function newAttemptedEndpoint(store: SeededStore) {
  const project = await store.newProject();
  const id = await store.newEndpoint({ project });

  /** Claims `count` new deliveries to the endpoint, as if their attempts had just started. */
  async function underWay(count: number): Promise<{ id: string; epoch: number }[]> {
    const deliveries = [];
    for (let n = 0; n < count; n += 1)
      deliveries.push((await store.acceptEvent('mine', { projectId: project })).ids[0]!);
    const steps = deliveries.map((delivery) => ({ id: delivery, step: 0 }));
    // A permit, in case that the endpoint is paced by now.
    await store.pool.query('UPDATE deliveries SET permitted_at = now() WHERE id = ANY ($1)', [deliveries]);
    const claims = await claimDeliveries(store.pool, 'mine', steps);
    expect(claims).toHaveLength(count);
    return claims;
  }

  const told = async (): Promise<pg.QueryResultRow[]> =>
    (
      await store.pool.query(
        'SELECT type, data FROM operational_events WHERE project_id = $1 ORDER BY created_at',
        [project],
      )
    ).rows;

  return {
    project,
    id,
    underWay,
    async record(count: number, changes: Partial<AttemptRecord>) {
      const records = (await underWay(count)).map((claim) => attemptRecordOf(claim, changes));
      return recordAttempts(store.pool, records);
    },
    failures: async (): Promise<pg.QueryResultRow | undefined> =>
      store.queryOne('SELECT * FROM receiver_failures WHERE receiver = $1', [id]),
    /** Times relative to now, in seconds. */
    gate: async (): Promise<pg.QueryResultRow | undefined> =>
      store.queryOne(
        `SELECT not_before_reason AS reason, extract(epoch FROM not_before - now())::float8 AS "shutFor", spacing_ms AS spacing,
                probe_interval_ms AS probe, closed_at IS NOT NULL AS closed
         FROM receiver_gates WHERE receiver = $1`,
        [id],
      ),
    age: (seconds: number) =>
      store.pool.query(
        `UPDATE receiver_failures SET first_failure_at = first_failure_at - $2 * interval '1 second' WHERE receiver = $1`,
        [id, seconds],
      ),
    withRules: (rules: object) =>
      store.pool.query('UPDATE projects SET failure_rules = $2 WHERE id = $1', [
        project,
        JSON.stringify(rules),
      ]),
    told,
    toldTypes: async (): Promise<string[]> => (await told()).map(({ type }) => type),
  };
}
