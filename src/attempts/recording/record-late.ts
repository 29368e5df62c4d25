import type { DeliveryResult, UnrecordedAttempt } from '../../policy/delivery-result.ts';
import { describeOutcome } from '../../policy/outcome.ts';
import { readDeliveryResults } from '../../store/deliveries/claims/resolve-unclaimed.ts';
import type { Transition } from '../../store/deliveries/transitions.ts';
import type { Queryable } from '../../store/postgres/database.ts';
import { resultAfter } from '../delivery-results.ts';
import { toLateRecord } from './attempt-records.ts';
import type { Recorder } from './recorder.ts';

/** This long it tries by itself before it leaves the next try to Temporal. */
const WITHIN_MS = 30_000;

/** Writes the outcomes that an activity reported because Postgres was away; throws while it is away still. */
export async function recordLate(
  { db, recorder, onUndeliverable, now }: RecordLateDependencies,
  unrecorded: UnrecordedAttempt[],
  owner: string,
): Promise<DeliveryResult[]> {
  const giveUpAt = performance.now() + WITHIN_MS;
  const msSinceEnd = ({ startedAt, durationMs }: UnrecordedAttempt): number =>
    now() - (Date.parse(startedAt) + durationMs);
  const results = await Promise.all(
    unrecorded.map((attempt) => recorder.record(toLateRecord(attempt, msSinceEnd(attempt)), giveUpAt)),
  );
  if (results.some(({ kind }) => kind === 'unrecorded')) throw new Error('the database is still away');
  const superseded = unrecorded.filter((_, place) => results[place]!.kind === 'superseded');
  const standings = await readDeliveryResults(
    db,
    owner,
    superseded.map(({ id }) => id),
  );
  for (const [place, attempt] of unrecorded.entries()) {
    const result = results[place]!;
    if (result.kind !== 'recorded') continue;
    if (result.transition.status === 'undeliverable') onUndeliverable([result.transition]);
    const leftMs = Math.max(0, (attempt.delayMs ?? 0) - Math.floor(msSinceEnd(attempt) / 1000) * 1000);
    standings.push(
      resultAfter(result.transition, leftMs, describeOutcome(attempt.outcome, attempt.statusCode)),
    );
  }
  return standings;
}

export type RecordLateDependencies = {
  db: Queryable;
  recorder: Recorder;
  onUndeliverable: (deliveries: Transition[]) => void;
  /** Epoch milliseconds by Postgres's clock. */
  now: () => number;
};
