import fc from 'fast-check';
import {
  allowanceOf,
  type Gate,
  intervalMsOf,
  lostAfter,
  MAX_LOST_MS,
  PERMIT_AHEAD_MS,
  permitsWithin,
  startInMs,
} from '../../../src/policy/pacing.ts';

const OPEN: Gate = {
  isSlow: false,
  concurrency: null,
  rate: null,
  ordered: false,
  spacingMs: null,
  drainRate: null,
  notBefore: null,
  nextInMs: null,
  lostMs: 0,
};

test.each<[string, Partial<Gate>, number]>([
  ['no limit', {}, 0],
  ['10 a second', { rate: { limit: 10, per: 'second' } }, 100],
  ['100 a minute', { rate: { limit: 100, per: 'minute' } }, 600],
  ['a backlog', { drainRate: 20 }, 50],
  [
    'a backlog of an endpoint with a rate of its own',
    { drainRate: 20, rate: { limit: 1, per: 'second' } },
    1_000,
  ],
  ['a distance after 429', { spacingMs: 8_000, rate: { limit: 10, per: 'second' } }, 8_000],
])('the time between two requests with %s', (_, limits, expected) => {
  expect(intervalMsOf({ ...OPEN, ...limits })).toBe(expected);
});

type Start = { at: number; givenAt: number };
/** `pauseMs` since the visit before, and how many deliveries are waiting: those since the last time that there was none. */
type Visit = { pauseMs: number; waiting: number };

/** What a receiver is given, by a gate that is visited now and then. */
function startsOf(intervalMs: number, visits: Visit[]): Start[] {
  const starts: Start[] = [];
  let now = 0;
  let gate: { nextAt: number | null; lostMs: number } = { nextAt: null, lostMs: 0 };
  let waitingSince: number | null = null;
  for (const { pauseMs, waiting } of visits) {
    now += pauseMs;
    if (waiting === 0) waitingSince = null;
    else waitingSince ??= now;
    const nextInMs = gate.nextAt === null ? null : gate.nextAt - now;
    const { count, ...given } = permitsWithin(
      { nextInMs, lostMs: gate.lostMs, spacingMs: null },
      intervalMs,
      waitingSince === null ? 0 : now - waitingSince,
    );
    const taken = Math.min(count, waiting);
    for (let n = 0; n < taken; n++) starts.push({ at: now + startInMs(given, n), givenAt: now });
    if (taken > 0) gate = { nextAt: now + startInMs(given, taken), lostMs: lostAfter(given, taken) };
  }
  return starts;
}

const visitsOf = (maxPauseMs: number, waiting: fc.Arbitrary<number>): fc.Arbitrary<Visit[]> =>
  fc.array(fc.record({ pauseMs: fc.integer({ min: 1, max: maxPauseMs }), waiting }), {
    minLength: 2,
    maxLength: 60,
  });

test('whenever it is visited, a receiver is given at most its rate in any time, and half a second that was lost', () => {
  const rate = fc.double({ min: 0.5, max: 5_000, noNaN: true });
  fc.assert(
    fc.property(rate, visitsOf(4_000, fc.nat(500)), fc.nat(60), (intervalMs, visits, from) => {
      const starts = startsOf(intervalMs, visits);
      const isTooEarlyOrLate = ({ at, givenAt }: Start) =>
        at < givenAt || at > givenAt + PERMIT_AHEAD_MS + 1e-6;
      expect(starts.filter(isTooEarlyOrLate)).toEqual([]);
      const first = starts[from];
      const tooMany = starts.slice(from + 1).filter(({ at }, index) => {
        const sinceFirst = at - first!.at;
        // The request at the end is the first of the next interval.
        const most = Math.min(sinceFirst + MAX_LOST_MS, 2 * sinceFirst) / intervalMs;
        return index + 1 > most + 1e-6;
      });
      expect(tooMany).toEqual([]);
    }),
  );
});

test('a receiver that was sent nothing, because nothing was due, gets no more than its rate afterwards', () => {
  const visits = visitsOf(2_000, fc.constantFrom(0, 0, 1));
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 400 }), visits, (intervalMs, steps) => {
      const idle = steps.flatMap(({ pauseMs, waiting }): Visit[] => [
        { pauseMs, waiting: 0 },
        { pauseMs: 1, waiting },
      ]);
      const starts = startsOf(intervalMs, idle);
      const tooClose = starts.slice(1).filter(({ at }, index) => at - starts[index]!.at < intervalMs - 1e-6);
      expect(tooClose).toEqual([]);
    }),
  );
});

test('a receiver that always has deliveries waiting loses nothing of its rate by visits that are up to half a second late', () => {
  const pauses = fc.array(fc.integer({ min: 1, max: PERMIT_AHEAD_MS + MAX_LOST_MS }), {
    minLength: 20,
    maxLength: 100,
  });
  // At the end it is visited in time for longer than it takes to make up for half a second.
  const inTime = Array.from({ length: 12 }, () => 250);
  fc.assert(
    fc.property(fc.integer({ min: 20, max: 400 }), pauses, (intervalMs, late) => {
      const spaced = late.flatMap((ms) => [ms, ...inTime]);
      const visits = spaced.map((pauseMs) => ({ pauseMs, waiting: 1_000 }));
      const starts = startsOf(intervalMs, visits);
      const elapsed = spaced.slice(1).reduce((sum, ms) => sum + ms, 0);
      expect(starts.length).toBeGreaterThanOrEqual(Math.floor(elapsed / intervalMs));
    }),
  );
});

test('a receiver that has responded 429 is not sent requests closer together than it copes with', () => {
  const gate = { nextInMs: -60_000, lostMs: 1_000, spacingMs: 1_000 };
  expect(permitsWithin(gate, 1_000, 60_000)).toMatchObject({ count: 1, quick: 0, lostMs: 0 });
});

test.each<[string, Partial<Gate> | null, { atOnce: number; permits: number }]>([
  ['without a gate', null, { atOnce: 32, permits: 1_000_000 }],
  ['that is slow', { isSlow: true }, { atOnce: 32, permits: 1_000_000 }],
  ['that is slow and allows 5 at once', { isSlow: true, concurrency: 5 }, { atOnce: 5, permits: 1_000_000 }],
  [
    'that wants its deliveries in order',
    { ordered: true, concurrency: 5 },
    { atOnce: 1, permits: 1_000_000 },
  ],
  ['with 10 a second', { rate: { limit: 10, per: 'second' } }, { atOnce: 1_000_000, permits: 6 }],
  [
    'with one a minute that had one 10 s ago',
    { rate: { limit: 1, per: 'minute' }, nextInMs: 50_000 },
    { atOnce: 1_000_000, permits: 0 },
  ],
  ['that asked to wait', { notBefore: { inMs: 1, reason: 'retry_after' } }, { atOnce: 0, permits: 0 }],
  ['in a cool-down', { notBefore: { inMs: 1, reason: 'cooldown' } }, { atOnce: 0, permits: 0 }],
  [
    'whose next probe is due',
    { notBefore: { inMs: -1, reason: 'cooldown' } },
    { atOnce: 1, permits: 1_000_000 },
  ],
])('what a receiver %s may be sent', (_, gate, expected) => {
  expect(allowanceOf(gate && { ...OPEN, ...gate }, 32, 0)).toMatchObject(expected);
});
