import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Bench, Measure, Row } from '../bench.ts';
import { untilArrived } from '../load/arrivals.ts';
import { percentile, rounded } from '../percentiles.ts';
import { cpuMs, memoryMb, SERVERS } from '../processes/process-usage.ts';

const PUBLISHERS = 32;
const BATCH = 100;
/** Fewer, so that as many events are under way as in the batches of one publisher after the other. */
const BATCH_PUBLISHERS = 4;
/** Batches are accepted several times faster than delivered: a load as long as the others would drain for minutes. */
const BATCH_SHARE = 0.2;
/** What runs once at first (compilation, connections, plans) is not counted. */
const WARM_UP_SECONDS = 3;
/** The last outcomes are recorded after they have arrived: their cost is counted too. */
const RECORDING_MS = 500;

type Grouping = 'auto' | 'never';

export const throughput = (grouping: Grouping, batch: 'single' | 'batch'): Measure => ({
  title:
    batch === 'single'
      ? `Closed loop of ${PUBLISHERS} publishers${grouping === 'never' ? ' that wait until delivered' : ''}, POSTHORN_GROUPING=${grouping}`
      : `Batches of ${BATCH} events from ${BATCH_PUBLISHERS} publishers, POSTHORN_GROUPING=${grouping}`,
  standard: true,
  take: async (bench) => [
    await atFanOut(bench, grouping, 1, batch === 'batch'),
    await atFanOut(bench, grouping, 10, batch === 'batch'),
  ],
});

async function atFanOut(bench: Bench, grouping: Grouping, fanOut: number, inBatches: boolean): Promise<Row> {
  const { receiver, publisher, urls } = bench;
  const posthorn = await bench.posthorn(grouping);
  const project = await posthorn.newProject();
  for (let n = 0; n < fanOut; n++) await project.newEndpoint(`${urls.healthy}/${n}`);

  const publish = (run: string, seconds: number) =>
    publisher.ask('publish', {
      url: posthorn.url,
      key: project.key,
      type: 'bench.event',
      run,
      loop: { kind: 'closed', publishers: inBatches ? BATCH_PUBLISHERS : PUBLISHERS, seconds },
      batch: inBatches ? BATCH : 1,
      // The engine is 30 times slower than the API when each event has a workflow: the backlog would take minutes.
      waits: grouping === 'never',
      insists: false,
    });
  const load = async (seconds: number) => {
    const run = bench.newRun();
    await receiver.ask('reset', run);
    const published = await publish(run, seconds);
    return { published, ...(await untilArrived(receiver, published.accepted.length * fanOut)) };
  };

  await load(Math.min(WARM_UP_SECONDS, bench.seconds));
  const before = cpuMs(posthorn.pids());
  const { published, arrived, repeated, lastNewAt } = await load(
    bench.seconds * (inBatches ? BATCH_SHARE : 1),
  );
  await sleep(RECORDING_MS);
  const pids = posthorn.pids();
  const after = cpuMs(pids);
  const memory = memoryMb(pids);

  const accepted = published.accepted.length;
  const perSecond = (count: number, until: number) =>
    Math.round((count * 1e6) / (until - published.startedAt));
  const cpu = SERVERS.map((server) => (after[server] - before[server]) / Math.max(1, arrived));
  return {
    'fan-out': fanOut,
    'accepted/s': perSecond(accepted, published.endedAt),
    'delivered/s': perSecond(arrived, lastNewAt),
    'not delivered': accepted * fanOut - arrived,
    repeated,
    refused: published.failed,
    'deliveries/workflow': rounded(await deliveriesPerWorkflow(posthorn.databaseUrl())),
    'accept p50 ms': rounded(percentile(published.acceptMs, 0.5)),
    'accept p95 ms': rounded(percentile(published.acceptMs, 0.95)),
    'CPU ms/delivery': rounded(cpu.reduce((sum, one) => sum + one, 0)),
    'of which posthorn': rounded(cpu[0]!),
    postgres: rounded(cpu[1]!),
    temporal: rounded(cpu[2]!),
    'memory MB posthorn/postgres/temporal': SERVERS.map((server) => memory[server]).join(' / '),
  };
}

/** Of the project that was made last. */
async function deliveriesPerWorkflow(databaseUrl: string): Promise<number> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ n: number }>(
      `SELECT count(*)::float8 / greatest(1, count(DISTINCT workflow_id)) AS n
       FROM deliveries d JOIN projects p ON p.id = d.project_id
       WHERE p.created_at = (SELECT max(created_at) FROM projects)`,
    );
    return rows[0]!.n;
  } finally {
    await client.end();
  }
}
