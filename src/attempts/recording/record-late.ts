import type { DeliveryResult, UnrecordedAttempt } from '../../policy/delivery-result.ts';
import { describeOutcome } from '../../policy/outcome.ts';
import { readDeliveryResults } from '../../store/deliveries/claims/resolve-unclaimed.ts';
import type { Queryable } from '../../store/postgres/database.ts';
import { minusElapsed, resultAfter } from '../delivery-results.ts';
import { toLateRecord } from './attempt-records.ts';
import type { Recorder } from './recorder.ts';

/** After this long the activity fails, and Temporal runs it again. */
const RECORD_TIMEOUT_MS = 30_000;

/** Records the outcomes that an activity could not record. Throws if Postgres is still down. */
export async function recordLate(
  { db, recorder, maxWorkflowWaitMs, now }: RecordLateDependencies,
  unrecorded: UnrecordedAttempt[],
  owner: string,
): Promise<DeliveryResult[]> {
  const giveUpAt = performance.now() + RECORD_TIMEOUT_MS;
  const msSinceEnd = ({ startedAt, durationMs }: UnrecordedAttempt): number =>
    now() - (Date.parse(startedAt) + durationMs);
  const results = await Promise.all(
    unrecorded.map((attempt) =>
      recorder.record(toLateRecord(attempt, msSinceEnd(attempt), maxWorkflowWaitMs), giveUpAt),
    ),
  );
  if (results.some(({ kind }) => kind === 'unrecorded')) throw new Error('the database is still unavailable');
  const superseded = unrecorded.filter((_, index) => results[index]!.kind === 'superseded');
  const deliveryResults = await readDeliveryResults(
    db,
    owner,
    superseded.map(({ id }) => id),
  );
  for (const [index, attempt] of unrecorded.entries()) {
    const result = results[index]!;
    if (result.kind !== 'recorded') continue;
    const lastOutcome = describeOutcome(attempt.outcome, attempt.statusCode);
    const deliveryResult = resultAfter(result.transition, attempt.delayMs ?? 0, lastOutcome);
    deliveryResults.push(minusElapsed(deliveryResult, msSinceEnd(attempt)));
  }
  return deliveryResults;
}

export type RecordLateDependencies = {
  db: Queryable;
  recorder: Recorder;
  maxWorkflowWaitMs: number;
  /** Milliseconds since the epoch by Postgres's clock. */
  now: () => number;
};
