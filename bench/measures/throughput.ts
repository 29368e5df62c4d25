import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { BenchContext, Row, Scenario } from '../bench.ts';
import { waitForArrivals } from '../load/arrivals.ts';
import { percentile, roundForReport } from '../percentiles.ts';
import { cpuMsByServer, memoryMbByServer, SERVERS } from '../processes/process-usage.ts';

const PUBLISHERS = 32;
const BATCH = 100;
/** Fewer publishers, because each has a batch of events in flight. */
const BATCH_PUBLISHERS = 4;
/** Batches are accepted several times faster than delivered, so a load of full duration would take minutes to drain. */
const BATCH_SHARE = 0.2;
/** Excludes one-time costs: compilation, connections, query plans. */
const WARM_UP_SECONDS = 3;
/** The last outcomes are recorded after the arrivals, and their cost is included. */
const RECORDING_MS = 500;

type Grouping = 'auto' | 'never';

export const throughput = (grouping: Grouping, batch: 'single' | 'batch'): Scenario => ({
  title:
    batch === 'single'
      ? `Closed loop of ${PUBLISHERS} publishers${grouping === 'never' ? ' that wait for the delivery' : ''}, POSTHORN_GROUPING=${grouping}`
      : `Batches of ${BATCH} events from ${BATCH_PUBLISHERS} publishers, POSTHORN_GROUPING=${grouping}`,
  runByDefault: true,
  run: async (bench) => [
    await atFanOut(bench, grouping, 1, batch === 'batch'),
    await atFanOut(bench, grouping, 10, batch === 'batch'),
  ],
});

async function atFanOut(
  bench: BenchContext,
  grouping: Grouping,
  fanOut: number,
  inBatches: boolean,
): Promise<Row> {
  const { receiver, publisher, urls } = bench;
  const posthorn = await bench.posthorn(grouping);
  const project = await posthorn.newProject();
  for (let n = 0; n < fanOut; n++) await project.newEndpoint(`${urls.healthy}/${n}`);

  const publish = (run: string, seconds: number) =>
    publisher.call('publish', {
      url: posthorn.url,
      key: project.key,
      type: 'bench.event',
      run,
      loop: { kind: 'closed', publishers: inBatches ? BATCH_PUBLISHERS : PUBLISHERS, seconds },
      batch: inBatches ? BATCH : 1,
      // With a workflow per event, delivering is 30 times slower than accepting; a backlog would take minutes to drain.
      waitForDelivery: grouping === 'never',
      retryUntilAccepted: false,
    });
  const load = async (seconds: number) => {
    const run = bench.nextRunId();
    await receiver.call('reset', run);
    const published = await publish(run, seconds);
    return { published, ...(await waitForArrivals(receiver, published.acceptedIds.length * fanOut)) };
  };

  await load(Math.min(WARM_UP_SECONDS, bench.seconds));
  const before = cpuMsByServer(posthorn.pids());
  const { published, arrived, duplicates, lastArrivalAt } = await load(
    bench.seconds * (inBatches ? BATCH_SHARE : 1),
  );
  await sleep(RECORDING_MS);
  const pids = posthorn.pids();
  const after = cpuMsByServer(pids);
  const memory = memoryMbByServer(pids);

  const accepted = published.acceptedIds.length;
  const perSecond = (count: number, until: number) =>
    Math.round((count * 1e6) / (until - published.startedAt));
  const cpu = SERVERS.map((server) => (after[server] - before[server]) / Math.max(1, arrived));
  return {
    'fan-out': fanOut,
    'accepted/s': perSecond(accepted, published.endedAt),
    'delivered/s': perSecond(arrived, lastArrivalAt),
    'not delivered': accepted * fanOut - arrived,
    repeated: duplicates,
    refused: published.failedPosts,
    'deliveries/workflow': roundForReport(await deliveriesPerWorkflow(posthorn.databaseUrl())),
    'accept p50 ms': roundForReport(percentile(published.acceptLatenciesMs, 0.5)),
    'accept p95 ms': roundForReport(percentile(published.acceptLatenciesMs, 0.95)),
    'CPU ms/delivery': roundForReport(cpu.reduce((sum, one) => sum + one, 0)),
    'of which posthorn': roundForReport(cpu[0]!),
    postgres: roundForReport(cpu[1]!),
    temporal: roundForReport(cpu[2]!),
    'memory MB posthorn/postgres/temporal': SERVERS.map((server) => memory[server]).join(' / '),
  };
}

/** Of the latest project. */
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
