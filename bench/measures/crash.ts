import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { untilArrived } from '../arrivals.ts';
import type { Bench, Measure, Row } from '../bench.ts';
import { nowMicros } from '../clock.ts';
import { rounded } from '../percentiles.ts';
import type { Posthorn } from '../posthorn.ts';

const EVENTS = 2_000;
const PUBLISHERS = 32;
const RUNS = 3;
/** No delivery may be later than a minute after its crash; beyond this much silence what is missing is lost. */
const PATIENCE_MS = 90_000;
const LOOK_EVERY_MS = 5;

/** kill -9 of every server process when half of the events are accepted; producers insist with the same ids. */
export const crash: Measure = {
  title: `kill -9 of Posthorn, Postgres and Temporal in the middle of ${EVENTS} events`,
  standard: true,
  async take(bench) {
    const rows: Row[] = [];
    for (const fanOut of [1, 10])
      for (let run = 1; run <= RUNS; run++) rows.push(await once(bench, fanOut, run));
    return rows;
  },
};

async function once(bench: Bench, fanOut: number, run: number): Promise<Row> {
  const { receiver, publisher, receiverUrl } = bench;
  const posthorn = await bench.posthorn('auto');
  const project = await posthorn.newProject();
  for (let n = 0; n < fanOut; n++) await project.newEndpoint(`${receiverUrl}/healthy/${n}`);
  await receiver.ask('reset');
  const unknownBefore = await unknownAttempts(posthorn);

  const publishing = publisher.ask('publish', {
    url: posthorn.url,
    key: project.key,
    type: 'bench.event',
    run: bench.newRun(),
    loop: { kind: 'closed', publishers: PUBLISHERS, events: EVENTS },
    batch: 1,
    insists: true,
  });
  while ((await publisher.ask('accepted')) < EVENTS / 2) await sleep(LOOK_EVERY_MS);
  await posthorn.kill();
  const arrivedBefore = (await receiver.ask('count')).arrived;
  const restartedAt = nowMicros();
  await posthorn.start();
  const readyAt = nowMicros();

  const { accepted } = await publishing;
  const due = EVENTS * fanOut;
  let { arrived, repeated, lastAt } = await untilArrived(receiver, due, PATIENCE_MS);
  while (arrived - repeated < due && (nowMicros() - lastAt) / 1_000 < PATIENCE_MS) {
    ({ arrived, repeated, lastAt } = await untilArrived(receiver, arrived + 1, PATIENCE_MS));
  }
  return {
    'fan-out': fanOut,
    run,
    'arrived before the kill': arrivedBefore,
    lost: (await receiver.ask('missing', accepted, fanOut)).length,
    duplicates: repeated,
    'in flight at the kill': (await unknownAttempts(posthorn)) - unknownBefore,
    'ready after s': rounded((readyAt - restartedAt) / 1e6),
    'all delivered after s': rounded((lastAt - restartedAt) / 1e6),
  };
}

/** Attempts that were under way when their process died: the only ones that may be made twice. */
async function unknownAttempts(posthorn: Posthorn): Promise<number> {
  const client = new pg.Client({ connectionString: posthorn.databaseUrl() });
  await client.connect();
  try {
    const { rows } = await client.query("SELECT count(*)::int AS n FROM attempts WHERE outcome = 'unknown'");
    return rows[0].n as number;
  } finally {
    await client.end();
  }
}
