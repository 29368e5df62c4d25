import type { Standing, UnrecordedAttempt } from '../../policy/delivery-result.ts';
import { readStandings } from '../../store/deliveries/resolve-unclaimed.ts';
import type { Moved } from '../../store/deliveries/settlement.ts';
import type { Queryable } from '../../store/postgres/database.ts';
import { inWords, standingAfter } from '../delivery-results.ts';
import { lateRecordOf } from './attempt-records.ts';
import type { Recorder } from './recorder.ts';

/** This long it tries by itself before it leaves the next try to Temporal. */
const WITHIN_MS = 30_000;

/** Writes the outcomes that an activity reported because Postgres was away; throws while it is away still. */
export async function recordLate(
  { db, recorder, onUndeliverable, now }: LateDependencies,
  unrecorded: UnrecordedAttempt[],
  owner: string,
): Promise<Standing[]> {
  const giveUpAt = performance.now() + WITHIN_MS;
  const msSinceEnd = ({ startedAt, durationMs }: UnrecordedAttempt): number =>
    now() - (Date.parse(startedAt) + durationMs);
  const results = await Promise.all(
    unrecorded.map((attempt) => recorder.record(lateRecordOf(attempt, msSinceEnd(attempt)), giveUpAt)),
  );
  if (results.some(({ kind }) => kind === 'unrecorded')) throw new Error('the database is still away');
  const superseded = unrecorded.filter((_, place) => results[place]!.kind === 'superseded');
  const standings = await readStandings(
    db,
    owner,
    superseded.map(({ id }) => id),
  );
  for (const [place, attempt] of unrecorded.entries()) {
    const result = results[place]!;
    if (result.kind !== 'moved') continue;
    if (result.moved.status === 'undeliverable') onUndeliverable([result.moved]);
    const leftMs = Math.max(0, (attempt.delayMs ?? 0) - Math.floor(msSinceEnd(attempt) / 1000) * 1000);
    standings.push(standingAfter(result.moved, leftMs, inWords(attempt.outcome, attempt.statusCode)));
  }
  return standings;
}

export type LateDependencies = {
  db: Queryable;
  recorder: Recorder;
  onUndeliverable: (deliveries: Moved[]) => void;
  /** Epoch milliseconds by Postgres's clock. */
  now: () => number;
};
