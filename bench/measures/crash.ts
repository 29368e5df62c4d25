import { setTimeout as sleep } from 'node:timers/promises';
import type { BenchContext, Row, Scenario } from '../bench.ts';
import { nowMicros } from '../clock.ts';
import { waitForArrivals } from '../load/arrivals.ts';
import { roundForReport } from '../percentiles.ts';
import { countRows, countUnknownAttempts } from '../processes/count-rows.ts';
import type { FirstAttempt, Posthorn } from '../processes/posthorn.ts';

const EVENTS = 2_000;
const PUBLISHERS = 32;
const RUNS = 3;
/** Deliveries must arrive within a minute of the crash. After this long without arrivals, missing ones are lost. */
const PATIENCE_MS = 90_000;
const POLL_INTERVAL_MS = 5;

/** Kills all server processes when half of the events are accepted. Producers repeat their posts with the same ids. */
export const crash: Scenario = {
  title: `kill -9 of Posthorn, Postgres and Temporal in the middle of ${EVENTS} events`,
  runByDefault: true,
  takes: '6 min',
  async run(bench) {
    const rows: Row[] = [];
    for (const firstAttempt of bench.firstAttempts)
      for (const fanOut of [1, 10])
        for (let run = 1; run <= RUNS; run++) rows.push(await once(bench, firstAttempt, fanOut, run));
    return rows;
  },
};

async function once(
  bench: BenchContext,
  firstAttempt: FirstAttempt,
  fanOut: number,
  runNumber: number,
): Promise<Row> {
  const { receiver, publisher, urls } = bench;
  const posthorn = await bench.posthorn({ grouping: 'auto', firstAttempt });
  const project = await posthorn.newProject();
  for (let n = 0; n < fanOut; n++) await project.newEndpoint(`${urls.healthy}/${n}`);
  const run = bench.nextRunId();
  await receiver.call('reset', run);
  const unknownBefore = await countUnknownAttempts(posthorn.databaseUrl());

  const publishing = publisher.call('publish', {
    url: posthorn.url,
    key: project.key,
    run,
    loop: { kind: 'closed', publishers: PUBLISHERS, events: EVENTS },
    retryUntilAccepted: true,
  });
  while ((await publisher.call('accepted')) < EVENTS / 2) await sleep(POLL_INTERVAL_MS);
  await posthorn.kill();
  const arrivedBefore = (await receiver.call('count')).arrived;
  const restartedAt = nowMicros();
  await posthorn.start();
  const readyAt = nowMicros();

  const { acceptedIds } = await publishing;
  await waitForArrivals(receiver, EVENTS * fanOut, PATIENCE_MS);
  await untilSettled(posthorn, run);
  const { arrived, duplicates, lastArrivalAt } = await receiver.call('count');
  return {
    '': firstAttempt,
    'fan-out': fanOut,
    run: runNumber,
    'arrived before the kill': arrivedBefore,
    lost: (await receiver.call('missing', acceptedIds, fanOut)).length,
    'not delivered': EVENTS * fanOut - arrived,
    duplicates,
    'in flight at the kill': (await countUnknownAttempts(posthorn.databaseUrl())) - unknownBefore,
    'ready after s': roundForReport((readyAt - restartedAt) / 1e6),
    'all delivered after s': roundForReport((lastArrivalAt - restartedAt) / 1e6),
  };
}

/** Deliveries that arrived unrecorded are sent again, so duplicates are counted only when none is open. */
async function untilSettled(posthorn: Posthorn, run: string): Promise<void> {
  const until = performance.now() + PATIENCE_MS;
  const open = `SELECT count(*)::int AS n FROM deliveries
                WHERE status IN ('pending', 'retrying') AND starts_with(event_id, $1)`;
  while ((await countRows(posthorn.databaseUrl(), open, [`${run}-`])) > 0 && performance.now() < until)
    await sleep(100);
}
