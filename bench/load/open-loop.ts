import type { BenchContext } from '../bench.ts';
import { measureOnce, type OpenLoopFigures, type SubjectName } from '../figures.ts';
import { percentile } from '../percentiles.ts';
import { waitForArrivals } from './arrivals.ts';
import { compileOnce } from './closed-loop.ts';
import type { PublishResult } from './publisher.ts';
import type { Arrival } from './receiver.ts';
import { openSubject } from './subjects.ts';

const WARM_UP_SECONDS = 2;

/** Events at a fixed rate with a fan-out of 1, measured at most once in a run. */
export const openLoopOnce = (bench: BenchContext, subject: SubjectName, perSecond: number) =>
  measureOnce(bench.figures.openLoops, `${subject} ${perSecond}`, async () => {
    const opened = await openSubject(bench, subject, 1);
    try {
      await compileOnce(bench, opened, 1);
      await runOpenLoop(bench, opened, perSecond, WARM_UP_SECONDS);
      return await runOpenLoop(bench, opened, perSecond, bench.seconds);
    } finally {
      await opened.close();
    }
  });

/** Offers events at a fixed rate, independent of the responses, and waits for their arrival. */
export async function runOpenLoop(
  { receiver, publisher, nextRunId }: BenchContext,
  { url, key }: { url: string; key: string },
  perSecond: number,
  seconds: number,
): Promise<OpenLoopFigures> {
  const run = nextRunId();
  await receiver.call('reset', run);
  const published = await publisher.call('publish', {
    url,
    key,
    run,
    loop: { kind: 'open', perSecond, seconds },
  });
  await waitForArrivals(receiver, published.acceptedIds.length);
  return figuresOf(published, await receiver.call('arrivals'));
}

function figuresOf(published: PublishResult, arrivals: Arrival[]): OpenLoopFigures {
  const tookMs = arrivals.sort(([a], [b]) => a - b).map(([, took]) => took / 1_000);
  const third = Math.ceil(tookMs.length / 3);
  return {
    notDelivered: published.acceptedIds.length - arrivals.length,
    refused: published.failedPosts,
    acceptP50: percentile(published.acceptLatenciesMs, 0.5),
    acceptP95: percentile(published.acceptLatenciesMs, 0.95),
    p50: percentile(tookMs, 0.5),
    p95: percentile(tookMs, 0.95),
    p99: percentile(tookMs, 0.99),
    firstThirdP95: percentile(tookMs.slice(0, third), 0.95),
    lastThirdP95: percentile(tookMs.slice(-third), 0.95),
  };
}
