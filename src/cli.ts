import { Runtime } from '@temporalio/worker';
import { Command } from 'commander';
import {
  type Command as CommandName,
  type Config,
  ConfigError,
  maskedSummary,
  readConfig,
  urlOf,
} from './config.ts';
import { greeting } from './embedded/greeting.ts';
import { noteApiUrl } from './embedded/running-installation.ts';
import { startSampleReceiver } from './embedded/sample-receiver.ts';
import { ensureDefaultProject, startEmbedded } from './embedded/start-embedded.ts';
import { type ServiceConfig, startService } from './main.ts';
import { createLogger, createOutput, type Logger } from './observability/log.ts';
import { temporalMetrics } from './observability/temporal-metrics.ts';
import { createPool } from './store/database.ts';
import { migrate } from './store/migrate.ts';
import { TryFailure } from './try/failure.ts';
import { findPosthorn } from './try/find-posthorn.ts';
import { TRIAL_NAMES, tryProfile } from './try/try-profile.ts';

type Closer = () => Promise<void>;

const output = createOutput();
process.on('exit', output.flush);
// Without a listener a reader that has gone would end the process.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

/** Beside the log, for commands that run on. */
const say = (line: string): void => output.write(`${line}\n`);
/** For commands whose output is what they are for: it waits for its reader. */
const print = (line: string): void => void process.stdout.write(`${line}\n`);

const program = new Command('posthorn').description('Self-hosted webhook delivery on Temporal and Postgres');
program
  .command('start', { isDefault: true })
  .description(
    'API and worker in one process; Postgres and Temporal are embedded where their variables are unset',
  )
  .action(() => untilStopped('start', 'warn', startAll));
program
  .command('api')
  .description('the HTTP API alone, against real servers')
  .action(() =>
    untilStopped('api', 'info', (config, log, closers) => startAlone(config, log, closers, true)),
  );
program
  .command('worker')
  .description('a worker alone, against real servers')
  .action(() =>
    untilStopped('worker', 'info', (config, log, closers) => startAlone(config, log, closers, false)),
  );
program
  .command('migrate')
  .description('brings the database to the present schema')
  .action(async () => {
    const applied = await migrate(configOrExit('migrate').databaseUrl!);
    print(applied.length > 0 ? `Applied ${applied.join(', ')}` : 'The schema is up to date');
  });
program
  .command('try')
  .description('plays a provider against a running Posthorn, and shows what its receivers see')
  .argument('<profile>', TRIAL_NAMES.join(', '))
  .option('--url <url>', 'the API; else where "posthorn start" says it is, else POSTHORN_PUBLIC_URL')
  .option('--admin-key <key>', 'else POSTHORN_ADMIN_KEY, else the one in the data folder')
  .action(tryOnce);

await program.parseAsync();

/** Runs until a signal asks to stop, then closes what `start` put up, the last first. */
async function untilStopped(
  command: 'start' | 'api' | 'worker',
  level: string,
  start: (config: Config, log: Logger, closers: Closer[]) => Promise<void>,
): Promise<void> {
  // Held open by this timer: everything else may be waiting for a server that is away.
  const awake = setInterval(() => {}, 60_000);
  const asked = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolve());
  });
  const config = configOrExit(command);
  const log = createLogger({ level: config.logLevel ?? level, name: `posthorn-${command}` }, output);
  log.info({ config: maskedSummary(config) }, 'configuration');
  const closers: Closer[] = [];
  try {
    await start(config, log, closers);
    await asked;
    if (command === 'start') say('\nStopping: what is under way is finished first …');
    log.info('stopping');
  } catch (error) {
    process.exitCode = 1;
    log.debug({ err: error }, 'could not start');
    process.stderr.write(`posthorn could not start: ${messageOf(error)}\n`);
  }
  for (const close of closers.reverse()) {
    await close().catch((error: unknown) => log.error({ err: error }, 'stopping failed'));
  }
  clearInterval(awake);
}

async function startAll(config: Config, log: Logger, closers: Closer[]): Promise<void> {
  const embedded = await startEmbedded(config, !process.env.POSTHORN_PORT, say);
  closers.push(embedded.stop);
  const { secrets } = embedded;
  await migrate(embedded.config.databaseUrl);
  if (secrets) {
    const pool = createPool(embedded.config.databaseUrl, 1);
    await ensureDefaultProject(pool, secrets).finally(() => pool.end());
  }
  const sdkMetrics = await installRuntime(config);
  const service = await startService(
    embedded.config,
    { api: true, worker: true },
    { log, logLinesLost: output.lost, ...sdkMetrics },
  );
  closers.push(service.close);
  if (secrets) {
    const { host } = embedded.config.http;
    const stopNoting = noteApiUrl(config.dataDir, urlOf(host, service.port!));
    closers.push(async () => stopNoting());
  }
  const receiver = secrets ? await startSampleReceiver(config.dataDir, say) : null;
  if (receiver) closers.push(receiver.close);
  await service.connected;
  say(greeting(embedded.config, secrets, receiver));
}

async function tryOnce(profile: string, given: { url?: string; adminKey?: string }): Promise<void> {
  const interrupted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupted.abort());
  try {
    const posthorn = findPosthorn(configOrExit('try'), given);
    await tryProfile(profile, posthorn, { say: print, interrupted: interrupted.signal });
  } catch (error) {
    if (!(error instanceof TryFailure)) throw error;
    process.exitCode = 1;
    process.stderr.write(`\nposthorn try: ${error.message}\n`);
  }
}

/** Against real servers: readConfig has made sure that the addresses and keys are there. */
async function startAlone(config: Config, log: Logger, closers: Closer[], isApi: boolean): Promise<void> {
  const { databaseUrl, temporal, adminKey } = config;
  const full = { ...config, databaseUrl, temporal, adminKey: adminKey ?? '' } as ServiceConfig;
  const sdkMetrics = await installRuntime(config);
  const service = await startService(
    full,
    { api: isApi, worker: !isApi },
    { log, logLinesLost: output.lost, ...sdkMetrics },
  );
  closers.push(service.close);
  log.info({ port: service.port }, 'started');
}

/** Signals are ours: the SDK's own handler would stop the workers before the API has drained. */
async function installRuntime(config: Config): Promise<{ sdkMetrics?: () => Promise<string> }> {
  const metrics = config.metricsPort === undefined ? null : await temporalMetrics();
  Runtime.install({
    shutdownSignals: [],
    logger: { trace() {}, debug() {}, info() {}, log() {}, warn() {}, error() {} },
    telemetryOptions: {
      logging: { filter: 'ERROR', forward: {} },
      ...(metrics && { metrics: metrics.exporter }),
    },
  });
  return metrics ? { sdkMetrics: metrics.read } : {};
}

function configOrExit(command: CommandName): Config {
  try {
    return readConfig(process.env, command);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  }
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if ('code' in error && error.code === 'EADDRINUSE') {
    return `${error.message}: another program has that port. Set POSTHORN_PORT (or POSTHORN_METRICS_PORT) to a free one.`;
  }
  return error.message;
}
