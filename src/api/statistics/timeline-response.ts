import { OUTCOMES, type Outcome } from '../../policy/outcome.ts';
import { type BucketCounts, percentileMs } from '../../policy/percentiles.ts';
import type { CountedPoint } from '../../store/statistics/read-timeline.ts';

const ENDS = ['undeliverable', 'cancelled'] as const;

export type Percentiles = { p50: (number | null)[]; p95: (number | null)[]; p99: (number | null)[] };

/** Figures of a timeline, each with one value for each of its points. */
export type TimelineFigures = {
  attempts: Partial<Record<Outcome, number[]>>;
  deliveries: { delivered: number[]; undeliverable: number[]; cancelled: number[] };
  attemptMs: Percentiles;
  latencyMs: Percentiles;
};

const isOutcome = (kind: string): kind is Outcome => OUTCOMES.some((outcome) => outcome === kind);

/** Arranges what is counted by the points of a timeline. */
export function timelineFigures(at: Date[], counted: CountedPoint[]): TimelineFigures {
  const rowsOf = Map.groupBy(counted, (row) => row.at.getTime());
  const points = at.map((time) => rowsOf.get(time.getTime()) ?? []);
  const sums = (kind: string): number[] =>
    points.map((rows) => sumOf(rows.filter((row) => row.kind === kind)));
  const counts = OUTCOMES.map((outcome) => [outcome, sums(outcome)] as const);
  return {
    attempts: Object.fromEntries(counts.filter(([, values]) => values.some((n) => n > 0))),
    deliveries: { delivered: sums('delivered'), undeliverable: sums(ENDS[0]), cancelled: sums(ENDS[1]) },
    attemptMs: percentilesOf(points, isOutcome),
    latencyMs: percentilesOf(points, (kind) => kind === 'latency'),
  };
}

/** One value for each point. */
export function valuesAt(at: Date[], counted: { at: Date; n: number }[]): number[] {
  const values = new Map(counted.map((row) => [row.at.getTime(), row.n]));
  return at.map((time) => values.get(time.getTime()) ?? 0);
}

const sumOf = (rows: { n: number }[]): number => rows.reduce((sum, { n }) => sum + n, 0);

function percentilesOf(points: CountedPoint[][], isTimed: (kind: string) => boolean): Percentiles {
  const counts = points.map((rows) => bucketCounts(rows.filter(({ kind }) => isTimed(kind))));
  const of = (percent: number) => counts.map((buckets) => percentileMs(buckets, percent));
  return { p50: of(50), p95: of(95), p99: of(99) };
}

/** Adds up what is counted in each bucket. */
export function bucketCounts(rows: { bucket: number; n: number }[]): BucketCounts {
  const counts = new Map<number, number>();
  for (const { bucket, n } of rows) counts.set(bucket, (counts.get(bucket) ?? 0) + n);
  return counts;
}
