import { setTimeout as sleep } from 'node:timers/promises';
import type { BenchContext, Row, Scenario } from '../bench.ts';
import { ratio } from '../figures.ts';
import { compileOnce } from '../load/closed-loop.ts';
import { stageFailures } from '../load/stage-failures.ts';
import { openSubject } from '../load/subjects.ts';
import { percentile, roundForReport } from '../percentiles.ts';
import { countRows } from '../processes/count-rows.ts';
import type { FirstAttempt, Posthorn, Project } from '../processes/posthorn.ts';
import { rssMb } from '../processes/process-usage.ts';

export type RecoveryOptions = { deliveries: number; perSecond: number };

const LIVE_PER_SECOND = 50;
const ENDPOINTS = 20;
const SAMPLES = 4;

/** New events to a healthy endpoint, first alone, then while a recovery sends failed deliveries to other endpoints. */
export const recovery = ({ deliveries, perSecond }: RecoveryOptions): Scenario => ({
  title:
    `Live events at ${LIVE_PER_SECOND}/s with a recovery of ${deliveries} deliveries to ${ENDPOINTS} endpoints at ` +
    `${perSecond}/s`,
  runByDefault: false,
  takes: `${Math.ceil((2 * (deliveries / perSecond + 90)) / 60)} min`,
  async run(bench) {
    const rows: Row[] = [];
    for (const firstAttempt of bench.firstAttempts)
      rows.push(...(await besideRecovery(bench, firstAttempt, { deliveries, perSecond })));
    return rows;
  },
});

async function besideRecovery(
  bench: BenchContext,
  firstAttempt: FirstAttempt,
  { deliveries, perSecond }: RecoveryOptions,
): Promise<Row[]> {
  await compileOnce(bench, await openSubject(bench, firstAttempt, 1), 1);
  const posthorn = await bench.posthorn({ grouping: 'auto', firstAttempt });
  const project = await posthorn.newProject();
  await project.newEndpoint(`${bench.urls.healthy}/0`, ['bench.live']);
  const endpoints: string[] = [];
  for (let n = 1; n <= ENDPOINTS; n++)
    endpoints.push(await project.newEndpoint(`${bench.urls.healthy}/${n}`, ['bench.failed']));
  await stageFailures(posthorn.databaseUrl(), endpoints, bench.nextRunId(), deliveries);

  const alone = await observe(bench, posthorn, project, 'alone', bench.seconds);
  const since = new Date(Date.now() - 2 * 3_600_000).toISOString();
  const job = await project.call('POST', '/v1/recoveries', { what: 'failed', since, rate: perSecond });
  const beside: Row[] = [];
  const seconds = deliveries / perSecond / SAMPLES;
  for (let n = 1; n <= SAMPLES; n++) {
    const row = await observe(bench, posthorn, project, `part ${n} of ${SAMPLES}`, seconds);
    beside.push({ ...row, recovered: await recovered(posthorn, job.id) });
  }
  while ((await recovered(posthorn, job.id)) < deliveries) await sleep(500);
  return [
    ...[alone, ...beside].map((row) => ({
      'first attempt': firstAttempt,
      ...row,
      'p95 ÷ alone': ratio(Number(row.p95), Number(alone.p95)),
      // The columns of the table are those of its first row.
      ...{ recovered: row.recovered ?? '', 'recovered/s': '', 'slowest 5 s': '', 'fastest 5 s': '' },
      'sent twice': '',
    })),
    {
      ...{ 'first attempt': firstAttempt, '': 'recovery' },
      recovered: await recovered(posthorn, job.id),
      'recovered/s': await achievedRate(posthorn, job.id),
      'slowest 5 s': await rateOf('min', posthorn, job.id),
      'fastest 5 s': await rateOf('max', posthorn, job.id),
      'sent twice': await sentTwice(posthorn, job.id),
    },
  ];
}

async function observe(
  bench: BenchContext,
  posthorn: Posthorn,
  { key }: Project,
  name: string,
  seconds: number,
): Promise<Row> {
  const run = bench.nextRunId();
  await bench.receiver.call('reset', run);
  const { acceptedIds } = await bench.publisher.call('publish', {
    ...{ url: posthorn.url, key, type: 'bench.live', run },
    loop: { kind: 'open', perSecond: LIVE_PER_SECOND, seconds },
  });
  await sleep(1_000); // for the last deliveries
  const tookMs = (await bench.receiver.call('arrivals')).map(([, took]) => took / 1_000);
  return {
    '': name,
    p50: roundForReport(percentile(tookMs, 0.5)),
    p95: roundForReport(percentile(tookMs, 0.95)),
    p99: roundForReport(percentile(tookMs, 0.99)),
    'not yet delivered': acceptedIds.length - tookMs.length,
    'RSS MB': rssMb(posthorn.pids().posthorn),
  };
}

const RECOVERED = `
  SELECT count(*)::int AS n FROM deliveries WHERE recovery_id = $1 AND recovery_status = 'delivered'`;
const recovered = (posthorn: Posthorn, id: string): Promise<number> =>
  countRows(posthorn.databaseUrl(), RECOVERED, [id]);

/** Between the first and the last delivery. */
const RATE = `
  SELECT round((count(*) - 1) / extract(epoch FROM max(settled_at) - min(settled_at)))::int AS n
  FROM deliveries WHERE recovery_id = $1`;
const achievedRate = (posthorn: Posthorn, id: string): Promise<number> =>
  countRows(posthorn.databaseUrl(), RATE, [id]);

// By when deliveries settled, from the first on. The last window is not full.
const RATE_OF = (which: 'min' | 'max'): string => `
  WITH windows AS (
    SELECT floor(extract(epoch FROM settled_at - min(settled_at) OVER ()) / 5) AS number FROM deliveries WHERE recovery_id = $1
  )
  SELECT round(${which}(n) / 5.0)::int AS n
  FROM (SELECT number, count(*) AS n FROM windows WHERE number < (SELECT max(number) FROM windows) GROUP BY number) AS counts`;
const rateOf = (which: 'min' | 'max', posthorn: Posthorn, id: string): Promise<number> =>
  countRows(posthorn.databaseUrl(), RATE_OF(which), [id]);

const SENT_TWICE = `
  SELECT (count(*) - count(DISTINCT replay_of) + sum(attempts) - count(*))::int AS n FROM deliveries WHERE recovery_id = $1`;
const sentTwice = (posthorn: Posthorn, id: string): Promise<number> =>
  countRows(posthorn.databaseUrl(), SENT_TWICE, [id]);
