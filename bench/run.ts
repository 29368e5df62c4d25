import { parseArgs } from 'node:util';
import type { BenchContext, Table } from './bench.ts';
import type { PublisherCommands } from './load/publisher.ts';
import type { ReceiverCommands } from './load/receiver.ts';
import { describeMachine } from './machine.ts';
import { SCENARIOS } from './measures/index.ts';
import { type Posthorn, startPosthorn } from './processes/posthorn.ts';
import { startRemote } from './processes/remote-process.ts';
import { formatHeader, formatTable } from './report.ts';

const USAGE = `npm run bench -- [options]
  --only a,b        only these measures: ${Object.keys(SCENARIOS).join(', ')}
  --seconds 30      duration of each load
  --json            print JSON instead of tables
  --profile folder  write a CPU profile of Posthorn to this folder at each of its stops`;

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    seconds: { type: 'string', default: '30' },
    json: { type: 'boolean', default: false },
    profile: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
const names =
  values.only?.split(',') ?? Object.keys(SCENARIOS).filter((name) => SCENARIOS[name]!.runByDefault);
const unknown = names.filter((name) => !SCENARIOS[name]);
if (values.help || unknown.length > 0 || !(Number(values.seconds) > 0)) {
  console.error(unknown.length > 0 ? `Unknown measure: ${unknown.join(', ')}.\n${USAGE}` : USAGE);
  process.exit(values.help ? 0 : 2);
}

const machine = describeMachine();
const receiver = startRemote<ReceiverCommands>('../load/receiver.ts');
const publisher = startRemote<PublisherCommands>('../load/publisher.ts');
let runs = 0;
let running: { grouping: 'auto' | 'never'; posthorn: Posthorn } | null = null;
const bench: BenchContext = {
  async posthorn(grouping) {
    if (running && running.grouping !== grouping) await running.posthorn.stop();
    if (running?.grouping !== grouping) {
      running = { grouping, posthorn: await startPosthorn({ grouping, cpuProfileDir: values.profile }) };
    }
    return running.posthorn;
  },
  receiver,
  urls: await receiver.call('listen'),
  publisher,
  seconds: Number(values.seconds),
  nextRunId: () => `b${++runs}`,
};

for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => void end().then(() => process.exit(1)));
const tables: Table[] = [];
if (!values.json) console.log(`${formatHeader(machine)}\n`);
try {
  for (const name of names) {
    const { title, run } = SCENARIOS[name]!;
    const table = { title, rows: await run(bench) };
    tables.push(table);
    if (!values.json) console.log(formatTable(table));
  }
  if (values.json) console.log(JSON.stringify({ machine, seconds: bench.seconds, tables }, null, 2));
} finally {
  await end();
}

async function end(): Promise<void> {
  await running?.posthorn.stop();
  running = null;
  await Promise.all([publisher.stop(), receiver.stop()]);
}
