import type pg from 'pg';
import { BUCKET_BOUNDS } from '../src/policy/percentiles.ts';
import { SPANS, startOf } from '../src/store/statistics/spans.ts';

const STEP_MS = 5 * 60_000;
const DAY_MS = 86_400_000;

/** An endpoint of the made-up traffic: its share of the events, how long it takes to answer, and how often it fails. */
export type SeededEndpoint = { id: string; share: number; answersInMs: number; failing: number };
/** A time in which one endpoint answered nothing but 503. */
export type Outage = { endpoint: number; fromDaysAgo: number; hours: number };

type Row = { scope: string; at: number; kind: string; bucket: number; n: number };

/**
 * Writes figures of past days as if they had been counted: events and deliveries of each five minutes, the same sums in all spans and
 * scopes, and statistics that begin with them. The same numbers come out for the same `now`.
 */
export async function seedStatistics(
  pool: pg.Pool,
  project: string,
  options: {
    days: number;
    now: number;
    endpoints: SeededEndpoint[];
    types: [name: string, share: number][];
    outage: Outage;
  },
): Promise<void> {
  const { days, now, endpoints, types, outage } = options;
  const random = numbersFrom(7);
  const begin = Math.floor((now - days * DAY_MS) / STEP_MS) * STEP_MS;
  const outageFrom = now - outage.fromDaysAgo * DAY_MS;
  const outageTo = outageFrom + outage.hours * 3_600_000;
  const accepted: { at: number; type: string; n: number }[] = [];
  const rows: Row[] = [];
  for (let at = begin; at + STEP_MS <= now; at += STEP_MS) {
    const events = eventsAt(at, random);
    for (const [type, share] of types) accepted.push({ at, type, n: Math.round(events * share) });
    for (const [index, endpoint] of endpoints.entries()) {
      const isOut = index === outage.endpoint && at >= outageFrom && at < outageTo;
      // What failed in the outage is delivered in the hour after it.
      const isAfter = index === outage.endpoint && at >= outageTo && at < outageTo + 3_600_000;
      const base = Math.round(events * endpoint.share);
      const deliveries = isOut ? 0 : isAfter ? base * (1 + outage.hours) : base;
      const failed = isOut ? Math.round(base * 1.6) : binomial(base, endpoint.failing, random);
      const scope = `e/${endpoint.id}`;
      const add = (kind: string, bucket: number, n: number): void => {
        if (n > 0) rows.push({ scope, at, kind, bucket, n });
      };
      add('rejected', bucketOf(endpoint.answersInMs), Math.ceil(failed * 0.8));
      add('timeout', bucketOf(15_000), failed - Math.ceil(failed * 0.8));
      add('undeliverable', -1, random() < 0.004 ? 1 : 0);
      for (const [factor, share] of [
        [0.6, 0.2],
        [1, 0.5],
        [1.6, 0.22],
        [3, 0.08],
      ] as const) {
        const n = Math.round(deliveries * share);
        add('delivered', bucketOf(endpoint.answersInMs * factor), n);
        add(
          'latency',
          bucketOf(endpoint.answersInMs * factor + 20),
          n - (factor === 3 ? Math.min(n, failed) : 0),
        );
      }
      add(
        'latency',
        bucketOf(isAfter ? outage.hours * 1_800_000 : 60_000),
        Math.min(failed, Math.round(deliveries * 0.08)),
      );
    }
  }
  await pool.query(ACCEPTED, [project, ...columns(accepted, ['at', 'type', 'n'])]);
  await pool.query(DELIVERIES, [project, ...columns(rows, ['scope', 'at', 'kind', 'bucket', 'n'])]);
  await pool.query('UPDATE statistics_state SET begins_at = $1', [new Date(begin)]);
}

/** More in the afternoon than at night, and fewer at the weekend. */
function eventsAt(at: number, random: () => number): number {
  const time = new Date(at);
  const hour = time.getUTCHours() + time.getUTCMinutes() / 60;
  const daily = 0.35 + 0.65 * Math.max(0, Math.sin(((hour - 5) / 16) * Math.PI));
  const weekend = [0, 6].includes(time.getUTCDay()) ? 0.45 : 1;
  return Math.round(90 * daily * weekend * (0.85 + 0.3 * random()));
}

const bucketOf = (ms: number): number => BUCKET_BOUNDS.filter((bound) => ms >= bound).length;

function binomial(n: number, share: number, random: () => number): number {
  let hits = 0;
  for (let one = 0; one < n; one += 1) if (random() < share) hits += 1;
  return hits;
}

/** Numbers from 0 to below 1 (mulberry32). */
function numbersFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const columns = <T extends Record<string, string | number>>(rows: T[], names: (keyof T)[]): unknown[][] =>
  names.map((name) => rows.map((row) => (name === 'at' ? new Date(row[name] as number) : row[name])));

const ALL_SPANS = `unnest(ARRAY[${SPANS.filter((span) => span > 1).join(', ')}]::int[]) AS span`;

const ACCEPTED = `
  INSERT INTO event_statistics (project_id, scope, span, at, type, n)
  SELECT $1, scoped.scope, span, ${startOf('span', 'row.at')}, scoped.type, sum(row.n)
  FROM unnest($2::timestamptz[], $3::text[], $4::int[]) AS row (at, type, n)
  CROSS JOIN LATERAL (VALUES ('', ''), ('t', row.type)) AS scoped (scope, type)
  CROSS JOIN ${ALL_SPANS}
  GROUP BY 2, 3, 4, 5
  HAVING sum(row.n) > 0`;
const DELIVERIES = `
  INSERT INTO delivery_statistics (project_id, scope, span, at, kind, bucket, n)
  SELECT $1, scoped.scope, span, ${startOf('span', 'row.at')}, row.kind, row.bucket, sum(row.n)
  FROM unnest($2::text[], $3::timestamptz[], $4::text[], $5::int[], $6::int[]) AS row (scope, at, kind, bucket, n)
  CROSS JOIN LATERAL (VALUES ('', true), (row.scope, row.kind <> 'latency')) AS scoped (scope, is_kept)
  CROSS JOIN ${ALL_SPANS}
  WHERE scoped.is_kept
  GROUP BY 2, 3, 4, 5, 6`;
