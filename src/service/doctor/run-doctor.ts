import { type Config, ConfigError, readConfig } from '../../config/config.ts';
import { runningServers } from '../../embedded/data-dir/running-installation.ts';
import { openFilesLimit, socketBudget } from '../../limits/socket-budget.ts';
import { type Check, type Checks, failed, ok } from './check.ts';
import { checkCollector } from './check-collector.ts';
import { checkPostgres } from './check-postgres.ts';
import { checkReceiver, type ReceiverTarget } from './check-receiver.ts';
import { checkTemporal } from './check-temporal.ts';

const NOT_FOUND_FIX =
  'For "posthorn start", name its folder in POSTHORN_DATA_DIR. Otherwise set the variables that its processes have.';

/**
 * Checks an installation with the variables of this process, one result after another. It changes nothing, and may run
 * beside processes that work. With a `receiver`, also the way to that URL. Checks for which another one has to succeed
 * first are left out.
 */
export async function* runDoctor(env: NodeJS.ProcessEnv, receiver?: ReceiverTarget): Checks {
  let config: Config;
  try {
    config = withRunningServers(readConfig(env, 'doctor'));
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    for (const problem of error.problems)
      yield failed('configuration', `${problem}.`, 'See docs/configuration.md.');
    return;
  }
  const { databaseUrl, temporal } = config;
  yield ok('configuration', describe(config, env));
  yield openFilesCheck(config);
  if (databaseUrl) yield* checkPostgres({ ...config, databaseUrl });
  else
    yield failed(
      'postgres',
      `DATABASE_URL is not set, and no "posthorn start" has its Postgres in ${config.dataDir}.`,
      NOT_FOUND_FIX,
    );
  if (temporal.address) yield* checkTemporal({ ...temporal, address: temporal.address });
  else
    yield failed(
      'temporal',
      `TEMPORAL_ADDRESS is not set, and no "posthorn start" has its Temporal in ${config.dataDir}.`,
      NOT_FOUND_FIX,
    );
  if (config.otlp) yield* checkCollector(config.otlp);
  if (receiver) yield* checkReceiver(receiver, config);
}

/** Addresses that are not configured are those of `posthorn start` on the data folder. */
function withRunningServers(config: Config): Config {
  const running = runningServers(config.dataDir);
  const { databaseUrl = running.databaseUrl, temporal } = config;
  const { address = running.temporalAddress } = temporal;
  return {
    ...config,
    ...(databaseUrl !== undefined && { databaseUrl }),
    temporal: { ...temporal, ...(address !== undefined && { address }) },
    embeddedPorts: running.ports,
  };
}

function describe({ adminKey }: Config, env: NodeJS.ProcessEnv): string {
  if (!env.DATABASE_URL) return 'It is valid for "posthorn start".';
  return adminKey
    ? 'It is valid.'
    : 'It is valid for "posthorn worker"; "posthorn api" needs POSTHORN_ADMIN_KEY, too.';
}

function openFilesCheck({ databasePool }: Config): Check {
  const limit = openFilesLimit();
  try {
    const { inbound, outbound } = socketBudget(limit, databasePool);
    const files = limit === Number.POSITIVE_INFINITY ? 'They are not limited' : `The limit is ${limit}`;
    return ok('open files', `${files}: ${inbound} for callers, ${outbound} for receivers.`);
  } catch (error) {
    return failed('open files', `${(error as Error).message}.`);
  }
}
