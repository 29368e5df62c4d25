import type { BenchContext, Row, Scenario } from '../bench.ts';
import { waitForArrivals } from '../load/arrivals.ts';
import { percentile, roundForReport } from '../percentiles.ts';

const RATES = [20, 50, 200, 500];
const WARM_UP_SECONDS = 2;

/** End-to-end latency, from the publish call to the arrival at the receiver, in an open loop. */
export const latency: Scenario = {
  title: 'Open loop, fan-out 1, POSTHORN_GROUPING=auto: milliseconds',
  runByDefault: true,
  async run(bench) {
    const rows: Row[] = [];
    for (const perSecond of RATES) rows.push(await atRate(bench, perSecond));
    return rows;
  },
};

async function atRate(bench: BenchContext, perSecond: number): Promise<Row> {
  const { receiver, publisher, urls } = bench;
  const posthorn = await bench.posthorn('auto');
  const project = await posthorn.newProject();
  await project.newEndpoint(`${urls.healthy}/0`);

  const load = async (seconds: number) => {
    const run = bench.nextRunId();
    await receiver.call('reset', run);
    const published = await publisher.call('publish', {
      url: posthorn.url,
      key: project.key,
      type: 'bench.event',
      run,
      loop: { kind: 'open', perSecond, seconds },
      batch: 1,
      retryUntilAccepted: false,
    });
    await waitForArrivals(receiver, published.acceptedIds.length);
    return { published, arrivals: await receiver.call('arrivals') };
  };
  await load(WARM_UP_SECONDS);
  const { published, arrivals } = await load(bench.seconds);

  const tookMs = arrivals.sort(([a], [b]) => a - b).map(([, took]) => took / 1_000);
  const third = Math.ceil(tookMs.length / 3);
  const of = (share: number, values = tookMs) => roundForReport(percentile(values, share));
  return {
    'events/s': perSecond,
    'not delivered': published.acceptedIds.length - arrivals.length,
    refused: published.failedPosts,
    'accept p50': of(0.5, published.acceptLatenciesMs),
    'accept p95': of(0.95, published.acceptLatenciesMs),
    'end to end p50': of(0.5),
    p95: of(0.95),
    p99: of(0.99),
    'p95 of the first third': of(0.95, tookMs.slice(0, third)),
    'of the last': of(0.95, tookMs.slice(-third)),
  };
}
