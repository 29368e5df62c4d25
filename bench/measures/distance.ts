import type { BenchContext, Row, Scenario } from '../bench.ts';
import { runOpenLoop } from '../load/open-loop.ts';
import { roundForReport } from '../percentiles.ts';
import type { FirstAttempt } from '../processes/posthorn.ts';
import { startSeparately } from '../processes/separate-processes.ts';

const DELAYS_MS = [5, 20];
const PER_SECOND = 50;
/** At a fixed rate the code is compiled more slowly than at full load. */
const WARM_UP_SECONDS = 8;

/** Each message from Posthorn to Postgres takes longer, so the time of a post shows how many it waits for. */
export const distance: Scenario = {
  title: `Postgres at a distance: open loop of ${PER_SECOND}/s, fan-out 1, milliseconds`,
  runByDefault: true,
  takes: '4 min',
  async run(bench) {
    const rows: Row[] = [];
    for (const firstAttempt of bench.firstAttempts)
      for (const delayMs of DELAYS_MS) rows.push(await atDistance(bench, firstAttempt, delayMs));
    return rows;
  },
};

async function atDistance(bench: BenchContext, firstAttempt: FirstAttempt, delayMs: number): Promise<Row> {
  const posthorn = await startSeparately({
    roles: ['start'], // API and worker in one process, as express requires
    databaseDelayMs: delayMs,
    env: { POSTHORN_FIRST_ATTEMPT: firstAttempt },
  });
  try {
    const { key, newEndpoint } = await posthorn.newProject();
    await newEndpoint(`${bench.urls.healthy}/0`);
    const subject = { url: posthorn.url, key };
    await runOpenLoop(bench, subject, PER_SECOND, WARM_UP_SECONDS);
    const figures = await runOpenLoop(bench, subject, PER_SECOND, bench.seconds);
    return {
      '': firstAttempt,
      'added to each message': delayMs,
      'not delivered': figures.notDelivered,
      'accept p50': roundForReport(figures.acceptP50),
      'accept p95': roundForReport(figures.acceptP95),
      'round trips per post (accept p50 ÷ added)': roundForReport(figures.acceptP50 / delayMs),
      'end to end p50': roundForReport(figures.p50),
      p95: roundForReport(figures.p95),
    };
  } finally {
    await posthorn.stop();
  }
}
