import { setTimeout as sleep } from 'node:timers/promises';
import type { BenchContext, Row, Scenario } from '../bench.ts';
import { waitForArrivals } from '../load/arrivals.ts';
import { percentile, roundForReport } from '../percentiles.ts';
import { countUnknownAttempts } from '../processes/count-rows.ts';
import type { Posthorn, Project } from '../processes/posthorn.ts';
import { startSeparately } from '../processes/separate-processes.ts';

type Subject = Pick<Posthorn, 'url' | 'newProject' | 'databaseUrl'>;

const PUBLISHERS = 32;
const CALIBRATION_SECONDS = 10;
const TIMES = [1, 2, 5];
/** After this long without arrivals, missing deliveries are lost. */
const PATIENCE_MS = 60_000;
const QUIET_EVERY_MS = 500;

/** The arrangements of processes, by the name that selects one of them with --only. */
const ARRANGEMENTS: Record<string, (bench: BenchContext) => Promise<Row[]>> = {
  'overload-one': async (bench) =>
    ofSubject(
      bench,
      'one process',
      await bench.posthorn({ grouping: 'auto', firstAttempt: 'workflow' }),
      [1, 10],
    ),
  'overload-separate': (bench) => separately(bench, 'api and worker', [1, 10]),
  'overload-distant': (bench) =>
    separately(bench, 'the same, Postgres 5 ms away, pool of 3', [1], {
      databaseDelayMs: 5,
      env: { POSTHORN_DATABASE_POOL: '3' },
    }),
};

const title = 'Offered load of 1, 2 and 5 times the deliveries per second of a closed loop';

/** Overload: throughput must not fall, nothing may be sent twice, and other tenants must not be affected. */
export const overload: Record<string, Scenario> = {
  overload: {
    title,
    runByDefault: true,
    takes: '20 min',
    async run(bench) {
      const rows: Row[] = [];
      for (const run of Object.values(ARRANGEMENTS)) rows.push(...(await run(bench)));
      return rows;
    },
  },
  ...Object.fromEntries(
    Object.entries(ARRANGEMENTS).map(([name, run]): [string, Scenario] => [
      name,
      { title, runByDefault: false, takes: '4–8 min', run },
    ]),
  ),
};

async function separately(
  bench: BenchContext,
  name: string,
  fanOuts: number[],
  options?: Parameters<typeof startSeparately>[0],
): Promise<Row[]> {
  const posthorn = await startSeparately(options);
  try {
    return await ofSubject(bench, name, posthorn, fanOuts);
  } finally {
    await posthorn.stop();
  }
}

async function ofSubject(
  bench: BenchContext,
  name: string,
  subject: Subject,
  fanOuts: number[],
): Promise<Row[]> {
  const rows: Row[] = [];
  for (const fanOut of fanOuts) {
    const project = await subject.newProject();
    for (let n = 0; n < fanOut; n++) await project.newEndpoint(`${bench.urls.healthy}/${n}`);
    const quiet = await subject.newProject();
    await quiet.newEndpoint(`${bench.urls.healthy}/quiet`);
    const capacity = await calibrate(bench, subject, project, fanOut);
    for (const times of TIMES) {
      const perSecond = Math.max(1, Math.round(capacity * times));
      rows.push({
        '': name,
        'fan-out': fanOut,
        load: `${times}×`,
        ...(await atLoad(bench, { subject, project, quiet, fanOut, perSecond })),
      });
    }
  }
  return rows;
}

/** Events per second that are delivered in a closed loop, in which publishers wait for each 202. */
async function calibrate(
  { receiver, publisher, nextRunId }: BenchContext,
  { url }: Subject,
  { key }: Project,
  fanOut: number,
) {
  const run = nextRunId();
  await receiver.call('reset', run);
  const loop = { kind: 'closed', publishers: PUBLISHERS, seconds: CALIBRATION_SECONDS } as const;
  const published = await publisher.call('publish', { url, key, run, loop });
  const { arrived, lastArrivalAt } = await waitForArrivals(
    receiver,
    published.acceptedIds.length * fanOut,
    PATIENCE_MS,
  );
  return (arrived * 1e6) / (lastArrivalAt - published.startedAt) / fanOut;
}

/** `perSecond` events of `project`, each with `fanOut` deliveries, while `quiet` posts as another tenant. */
type OfferedLoad = { subject: Subject; project: Project; quiet: Project; fanOut: number; perSecond: number };

async function atLoad(
  { receiver, publisher, nextRunId, seconds }: BenchContext,
  { subject: { url, databaseUrl }, project: { key }, quiet, fanOut, perSecond }: OfferedLoad,
): Promise<Row> {
  const run = nextRunId();
  await receiver.call('reset', run);
  const unknownBefore = await countUnknownAttempts(databaseUrl());
  const loop = { kind: 'open', perSecond, seconds } as const;
  const neighbour = watchNeighbour(url, quiet.key);
  const publishing = publisher.call('publish', { url, key, run, loop });
  await Promise.race([sleep(seconds * 1_000), publishing]);
  const during = await receiver.call('count');
  const published = await publishing;
  const waitingMs = await neighbour.stop();
  const drainBegan = await receiver.call('count');
  const drainBeganAt = performance.now();
  const end = await waitForArrivals(receiver, published.acceptedIds.length * fanOut, PATIENCE_MS);
  const drainSeconds = (performance.now() - drainBeganAt) / 1_000;
  const drained = end.arrived - drainBegan.arrived;
  return {
    'offered/s': perSecond * fanOut,
    'accepted/s': Math.round(
      (published.acceptedIds.length * fanOut * 1e6) / (published.endedAt - published.startedAt),
    ),
    refused: published.failedPosts,
    'delivered/s': Math.round(during.arrived / seconds),
    'drained/s': drained > 100 ? Math.round(drained / drainSeconds) : '',
    'not delivered': published.acceptedIds.length * fanOut - end.arrived,
    repeated: end.duplicates,
    unknown: (await countUnknownAttempts(databaseUrl())) - unknownBefore,
    'accept p95 ms': roundForReport(percentile(published.acceptLatenciesMs, 0.95)),
    'other tenant p50 / p95 ms': `${Math.round(percentile(waitingMs, 0.5))} / ${Math.round(percentile(waitingMs, 0.95))}`,
  };
}

/** Posts as another tenant every 500 ms, and measures the milliseconds until the delivery. */
function watchNeighbour(url: string, key: string): { stop(): Promise<number[]> } {
  const tookMs: number[] = [];
  const inFlight = new Set<Promise<void>>();
  const post = async (): Promise<void> => {
    const began = performance.now();
    await fetch(`${url}/v1/events?wait=60s`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: '{"type":"quiet.event","data":{}}',
    }).catch(() => null);
    tookMs.push(performance.now() - began);
  };
  const timer = setInterval(() => {
    const posted: Promise<void> = post().finally(() => inFlight.delete(posted));
    inFlight.add(posted);
  }, QUIET_EVERY_MS);
  return {
    async stop() {
      clearInterval(timer);
      await Promise.all(inFlight);
      return tookMs;
    },
  };
}
