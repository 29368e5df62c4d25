import { type Command, Option } from 'commander';
import type { Check } from '../../service/doctor/check.ts';
import { jsonLine, printable } from '../client/output/printable.ts';
import { print } from '../terminal.ts';

type DoctorOptions = { method: 'GET' | 'OPTIONS' | 'POST'; json?: true };

/** A connection attempt of the Temporal SDK cannot be cancelled, and would keep the process alive for 30 s. */
const EXIT_DELAY_MS = 500;

export function registerDoctor(program: Command): void {
  program
    .command('doctor')
    .description('check the configuration, clocks, Postgres, Temporal, and the way to a receiver')
    .argument('[url]', 'also check that deliveries to this URL arrive')
    .addOption(
      new Option('--method <method>', 'what to send to the URL: one request, without a signature')
        .choices(['GET', 'OPTIONS', 'POST'])
        .default('GET'),
    )
    .option('--json', 'print one JSON object')
    .action(runDoctorCommand);
}

async function runDoctorCommand(url: string | undefined, { method, json }: DoctorOptions): Promise<void> {
  const { runDoctor } = await import('../../service/doctor/run-doctor.ts');
  const { installQuietRuntime } = await import('../../service/temporal-runtime.ts');
  installQuietRuntime();
  const checks: Check[] = [];
  for await (const check of runDoctor(process.env, url === undefined ? undefined : { url, method })) {
    checks.push(check);
    if (!json) print(printable(lineOf(check)));
  }
  const ok = checks.every(({ status }) => status !== 'failed');
  if (json) print(jsonLine({ ok, checks }));
  process.exitCode = ok ? 0 : 1;
  setTimeout(() => process.exit(), EXIT_DELAY_MS).unref();
}

const lineOf = ({ status, check, found, fix }: Check): string =>
  `${status.padEnd(7)}  ${check}: ${found}${fix === undefined ? '' : ` ${fix}`}`;
