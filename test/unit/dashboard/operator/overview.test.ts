import fc from 'fast-check';
import { type ChartData, isPartial, pointText, zoomAround } from '../../../../dashboard/src/charts/series.ts';
import {
  countedText,
  openNow,
  retryingText,
} from '../../../../dashboard/src/operator/overview/current-figures.ts';
import { type VerdictFacts, verdictOf } from '../../../../dashboard/src/operator/overview/verdict.ts';
import { figuresOf, shareText } from '../../../../dashboard/src/statistics/timeline-figures.ts';
import { trafficOf } from '../../../../dashboard/src/statistics/timeline-series.ts';
import type { FailureGroup, Timeline } from '../../../../sdk/typescript/src/models.ts';

const NOW = Date.parse('2026-11-21T12:00:00.000Z');
const MINUTE = 60_000;
const ago = (ms: number): string => new Date(NOW - ms).toISOString();

const group = (changes: Partial<FailureGroup>): FailureGroup => ({
  endpoint: 'ep_1',
  outcome: 'rejected',
  statusCode: 503,
  errorCode: null,
  state: 'undeliverable',
  deliveries: 1,
  events: 1,
  firstAt: ago(MINUTE),
  lastAt: ago(MINUTE),
  nextAttemptAt: null,
  sample: 'dlv_1',
  ...changes,
});

const timeline: Timeline = {
  from: ago(10 * MINUTE),
  to: ago(0),
  step: '5m',
  settledUntil: ago(8_000),
  beginsAt: ago(60 * MINUTE),
  at: [ago(10 * MINUTE), ago(5 * MINUTE)],
  accepted: [4, 3],
  attempts: { delivered: [3, 2], timeout: [0, 1], rejected: [1, 0] },
  deliveries: { delivered: [3, 2], undeliverable: [1, 0], cancelled: [0, 1] },
  attemptMs: { p50: [40, 40], p95: [80, 90], p99: [80, 90] },
  latencyMs: { p50: [60, null], p95: [100, null], p99: [100, null] },
};

test('the figure of what is retried is that of the list of what needs attention', () => {
  const items = [group({ state: 'retrying', deliveries: 3 }), group({ deliveries: 5 })];
  expect(retryingText({ items: [...items, group({ state: 'retrying' })], complete: true })).toBe('4');
  expect(retryingText({ items, complete: false })).toBe('3 or more');
  expect(retryingText({ items: [], complete: true })).toBe('0');
});

test('what is open is never less than what is retried and held beside it', () => {
  const failures = { items: [group({ state: 'retrying', deliveries: 3 }), group({ deliveries: 5 })] };
  expect(openNow({ pending: 1, retrying: 0, held: 2 }, failures)).toBe(5);
  expect(openNow({ pending: 7, retrying: 1, held: 2 }, failures)).toBe(10);
});

test('figures that are counted at intervals say when', () => {
  expect(countedText({ measuredAt: ago(20_000) }, NOW)).toBe('counted 20 s ago');
  // Its clock is a little ahead.
  expect(countedText({ measuredAt: ago(-5_000) }, NOW)).toBe('counted now');
  expect(countedText({ measuredAt: null }, NOW)).toBe('not counted yet');
});

describe('the verdict', () => {
  const facts = (changes: Partial<VerdictFacts>): VerdictFacts => ({
    readiness: { ready: true, components: { postgres: { ok: true }, temporal: { ok: true } } },
    backlog: {
      measuredAt: ago(0),
      pending: 0,
      retrying: 0,
      held: 0,
      oldestOpenAt: null,
      oldestUnattemptedSeconds: null,
      due: [],
      endpoints: [],
    },
    failures: { items: [], lookedAt: 0, complete: true },
    delivered: 18_204,
    now: NOW,
    ...changes,
  });
  const { backlog } = facts({});
  const failing = (...items: FailureGroup[]) => ({ items, lookedAt: 10, complete: true });

  test('all is well if nothing needs attention', () => {
    expect(verdictOf(facts({}))).toEqual({
      tone: 'good',
      text: `All is well: ${(18_204).toLocaleString()} delivered, nothing is open.`,
    });
    expect(verdictOf(facts({ backlog: { ...backlog, oldestOpenAt: ago(40_000) } })).text).toContain(
      'the oldest open delivery is 40 s old.',
    );
  });

  test('failed deliveries are counted with their endpoints, and come before those that are retried', () => {
    const failures = failing(
      group({ deliveries: 1_200, firstAt: ago(9 * MINUTE) }),
      group({ endpoint: 'ep_2', deliveries: 4, firstAt: ago(3 * MINUTE) }),
      group({ endpoint: 'ep_3', deliveries: 9, state: 'retrying', firstAt: ago(30 * MINUTE) }),
    );
    expect(verdictOf(facts({ failures }))).toEqual({
      tone: 'bad',
      text: `2 endpoints need you: ${(1_204).toLocaleString()} deliveries failed, the first`,
      at: ago(9 * MINUTE),
      needsYou: true,
    });
    expect(verdictOf(facts({ failures: failing(group({ state: 'retrying' })) }))).toMatchObject({
      tone: 'warn',
      text: '1 endpoint fails: 1 delivery is being retried, the first',
    });
  });

  test('what stops everything comes first: Postgres, Temporal, workers', () => {
    const failures = failing(group({}));
    const stuck = { ...backlog, oldestUnattemptedSeconds: 61 };
    const without = (...names: string[]) => ({
      ready: false,
      components: Object.fromEntries(
        ['postgres', 'temporal'].map((name) => [name, { ok: !names.includes(name) }]),
      ),
    });
    const text = (changes: Partial<VerdictFacts>): string =>
      verdictOf(facts({ failures, backlog: stuck, ...changes })).text;
    expect(text({ readiness: without('postgres', 'temporal') })).toMatch(/^Postgres cannot be reached/);
    expect(text({ readiness: without('temporal') })).toMatch(/^Temporal cannot be reached/);
    expect(text({ readiness: null })).toMatch(/has waited 1 min 1 s for its first attempt/);
    expect(text({ backlog: { ...backlog, oldestUnattemptedSeconds: 60 } })).toMatch(/^1 endpoint needs you/);
  });
});

describe('the figures of a range', () => {
  test('cancelled deliveries do not lower the delivered share', () => {
    expect(figuresOf(timeline)).toEqual({
      accepted: 7,
      attempts: 7,
      failed: 2,
      delivered: 5,
      undeliverable: 1,
      deliveredShare: 5 / 6,
      latencyP95Ms: 100,
    });
  });

  test('a share is 100 % only if nothing failed, and absent if nothing settled', () => {
    expect([1, 0.999_999, 0.5, 0, null].map(shareText)).toEqual([
      '100 %',
      `${(99.99).toLocaleString()} %`,
      '50 %',
      '0 %',
      '–',
    ]);
  });
});

describe('the chart of attempts', () => {
  const data = trafficOf(timeline);

  test('failures stand on the baseline, delivered attempts above', () => {
    expect(data.series.map(({ name, shape }) => `${shape} ${name}`)).toEqual([
      'bar rejected',
      'bar timeout',
      'bar delivered',
      'line accepted events',
    ]);
  });

  test('the last point is partial until all of it is counted, and each is read out', () => {
    expect([isPartial(data, 0), isPartial(data, 1)]).toEqual([false, true]);
    expect(pointText(data, 0, String)).toBe('rejected 1, delivered 3, accepted events 4');
    expect(pointText({ ...data, series: [] }, 0, String)).toBe('nothing');
  });

  test('zooming in keeps the point in sight, and ends at six points', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 400 }), fc.nat(399), (points, at) => {
        const chart: ChartData = { ...data, at: Array.from({ length: points }, (_, n) => n * data.stepMs) };
        const index = at % points;
        const times = zoomAround(chart, index, 0.5);
        if (times === null) return expect(points).toBeLessThan(12);
        expect(times[0]).toBeLessThanOrEqual(chart.at[index]!);
        return expect(times[1]).toBeGreaterThanOrEqual(chart.at[index]! + chart.stepMs);
      }),
    );
  });
});
