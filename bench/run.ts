import type { Table } from './bench.ts';
import { startContext } from './context.ts';
import { describeMachine } from './machine.ts';
import { SCENARIOS } from './measures/index.ts';
import { parseOptions, USAGE } from './options.ts';
import { formatHeader, formatTable } from './report.ts';

const options = parseOptions(process.argv.slice(2));
if ('message' in options) {
  console.error([options.message, USAGE].filter(Boolean).join('\n'));
  process.exit(options.message ? 2 : 0);
}

const machine = describeMachine();
const bench = await startContext(options);
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => void bench.end().then(() => process.exit(1)));
const tables: Table[] = [];
if (!options.json) console.log(`${formatHeader(machine)}\n`);
try {
  for (const name of options.names) {
    const { title, run } = SCENARIOS[name]!;
    const table = { title, rows: await run(bench) };
    tables.push(table);
    if (!options.json) console.log(formatTable(table));
  }
  if (options.json) console.log(JSON.stringify({ machine, seconds: bench.seconds, tables }, null, 2));
} finally {
  await bench.end();
}
