import type { Row, Scenario } from '../bench.ts';
import { type OpenLoopFigures, ratio, type SubjectName } from '../figures.ts';
import { openLoopOnce } from '../load/open-loop.ts';
import { roundForReport } from '../percentiles.ts';

const RATES = [20, 50, 200, 500];

/** End-to-end latency, from the publish call to the arrival at the receiver, in an open loop. */
export const latency: Scenario = {
  title: 'Open loop, fan-out 1, POSTHORN_GROUPING=auto: milliseconds',
  runByDefault: true,
  takes: '5 min',
  async run(bench) {
    const rows: Row[] = [];
    for (const firstAttempt of bench.firstAttempts) {
      for (const perSecond of RATES) {
        const figures = await openLoopOnce(bench, firstAttempt, perSecond);
        const bare = bench.figures.openLoops.get(`bare pipeline ${perSecond}`);
        rows.push(latencyRow(firstAttempt, perSecond, figures, bare));
      }
    }
    return rows;
  },
};

export const latencyRow = (
  subject: SubjectName,
  perSecond: number,
  figures: OpenLoopFigures,
  bare?: OpenLoopFigures,
): Row => ({
  '': subject,
  'events/s': perSecond,
  'not delivered': figures.notDelivered,
  refused: figures.refused,
  'accept p50': roundForReport(figures.acceptP50),
  'accept p95': roundForReport(figures.acceptP95),
  'end to end p50': roundForReport(figures.p50),
  p95: roundForReport(figures.p95),
  p99: roundForReport(figures.p99),
  'p95 of the first third': roundForReport(figures.firstThirdP95),
  'of the last': roundForReport(figures.lastThirdP95),
  'p50 ÷ bare pipeline': ratio(figures.p50, bare?.p50),
  'p95 ÷ bare pipeline': ratio(figures.p95, bare?.p95),
});
