import type { Bench, Measure, Row } from '../bench.ts';
import { untilArrived } from '../load/arrivals.ts';
import { percentile, rounded } from '../percentiles.ts';

const RATES = [20, 50, 200, 500];
const WARM_UP_SECONDS = 2;

/** End to end: arrival at the receiver minus the moment of the publish call, in an open loop. */
export const latency: Measure = {
  title: 'Open loop, fan-out 1, POSTHORN_GROUPING=auto: milliseconds',
  standard: true,
  async take(bench) {
    const rows: Row[] = [];
    for (const perSecond of RATES) rows.push(await atRate(bench, perSecond));
    return rows;
  },
};

async function atRate(bench: Bench, perSecond: number): Promise<Row> {
  const { receiver, publisher, urls } = bench;
  const posthorn = await bench.posthorn('auto');
  const project = await posthorn.newProject();
  await project.newEndpoint(`${urls.healthy}/0`);

  const load = async (seconds: number) => {
    const run = bench.newRun();
    await receiver.ask('reset', run);
    const published = await publisher.ask('publish', {
      url: posthorn.url,
      key: project.key,
      type: 'bench.event',
      run,
      loop: { kind: 'open', perSecond, seconds },
      batch: 1,
      insists: false,
    });
    await untilArrived(receiver, published.accepted.length);
    return { published, arrivals: await receiver.ask('arrivals') };
  };
  await load(WARM_UP_SECONDS);
  const { published, arrivals } = await load(bench.seconds);

  const tookMs = arrivals.sort(([a], [b]) => a - b).map(([, took]) => took / 1_000);
  const third = Math.ceil(tookMs.length / 3);
  const of = (share: number, values = tookMs) => rounded(percentile(values, share));
  return {
    'events/s': perSecond,
    'not delivered': published.accepted.length - arrivals.length,
    refused: published.failed,
    'accept p50': of(0.5, published.acceptMs),
    'accept p95': of(0.95, published.acceptMs),
    'end to end p50': of(0.5),
    p95: of(0.95),
    p99: of(0.99),
    'p95 of the first third': of(0.95, tookMs.slice(0, third)),
    'of the last': of(0.95, tookMs.slice(-third)),
  };
}
