import type { Backlog, Timeline } from '../../../sdk/typescript/src/models.ts';
import type { ChartData, Series } from '../charts/series.ts';

const MINUTE_MS = 60_000;

const STEP_MS: Record<Timeline['step'], number> = {
  '1m': MINUTE_MS,
  '5m': 5 * MINUTE_MS,
  '15m': 15 * MINUTE_MS,
  '1h': 60 * MINUTE_MS,
  '6h': 360 * MINUTE_MS,
  '1d': 1_440 * MINUTE_MS,
};

/** The outcomes of failed attempts in the order of the bars: what is most usual stands on the baseline. */
const FAILURES: [outcome: string, name: string, color: string][] = [
  ['rejected', 'rejected', 'chart-rejected'],
  ['timeout', 'timeout', 'chart-timeout'],
  ['connection_failed', 'connection failed', 'chart-connection'],
  ['dns_failed', 'name not found', 'chart-dns'],
  ['tls_failed', 'TLS failed', 'chart-tls'],
  ['invalid_response', 'invalid response', 'chart-response'],
  ['token_failed', 'no access token', 'chart-token'],
  ['blocked', 'blocked', 'chart-other'],
  ['unknown', 'unknown', 'chart-accepted'],
];

const pointsOf = (timeline: Timeline): Omit<ChartData, 'series'> => ({
  at: timeline.at.map((at) => Date.parse(at)),
  stepMs: STEP_MS[timeline.step],
  settledUntil: Date.parse(timeline.settledUntil),
  beginsAt: Date.parse(timeline.beginsAt),
});

/** Attempts by outcome, failures on the baseline and delivered ones above; accepted events as a line. */
export function trafficOf(timeline: Timeline): ChartData {
  const none = timeline.at.map(() => 0);
  const failures: Series[] = FAILURES.flatMap(([outcome, name, color]) => {
    const values = timeline.attempts[outcome];
    return values ? [{ name, color, shape: 'bar' as const, values }] : [];
  });
  return {
    ...pointsOf(timeline),
    series: [
      ...failures,
      {
        name: 'delivered',
        color: 'chart-delivered',
        shape: 'bar',
        values: timeline.attempts.delivered ?? none,
      },
      ...(timeline.accepted
        ? [
            {
              name: 'accepted events',
              color: 'chart-accepted',
              shape: 'line' as const,
              values: timeline.accepted,
            },
          ]
        : []),
    ],
  };
}

/**
 * Latency and response time: p50 is a line, p95 dashed, p99 dotted. `oldestOpenAt`: adds how old the delivery was that is the
 * oldest open one now. Without it, a queue that stands still would look like one that is idle.
 */
export function timesOf(timeline: Timeline, oldestOpenAt?: string | null): ChartData {
  const lines = (name: string, color: string, times: Timeline['latencyMs']): Series[] =>
    times
      ? [
          { name: `${name} p50`, color, shape: 'line', values: times.p50 },
          { name: `${name} p95`, color, shape: 'dashed', values: times.p95 },
          { name: `${name} p99`, color, shape: 'dotted', values: times.p99 },
        ]
      : [];
  const points = pointsOf(timeline);
  const oldest = oldestOpenAt == null ? undefined : Date.parse(oldestOpenAt);
  const ages = points.at.map((at) => {
    const age = Math.min(at + points.stepMs, points.settledUntil) - (oldest ?? Number.POSITIVE_INFINITY);
    return age > 0 ? age : null;
  });
  return {
    ...points,
    series: [
      ...(oldest === undefined
        ? []
        : [{ name: 'oldest open', color: 'chart-rejected', shape: 'line' as const, values: ages }]),
      ...lines('latency', 'chart-accepted', timeline.latencyMs),
      ...lines('response', 'chart-timeout', timeline.attemptMs),
    ],
  };
}

/** What becomes due in the next two hours. */
export function dueOf({ due }: Backlog): ChartData {
  return {
    at: due.map(({ at }) => Date.parse(at)),
    stepMs: 5 * MINUTE_MS,
    settledUntil: Number.POSITIVE_INFINITY,
    beginsAt: 0,
    series: [
      {
        name: 'deliveries that become due',
        color: 'chart-timeout',
        shape: 'bar',
        values: due.map(({ deliveries }) => deliveries),
      },
    ],
  };
}
