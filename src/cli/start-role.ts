import type { ServiceConfig } from '../config/service-config.ts';
import { openFilesLimit, socketBudget } from '../limits/socket-budget.ts';
import { checkDatabases } from '../service/preflight/check-databases.ts';
import { checkPorts, listenersOf } from '../service/preflight/check-ports.ts';
import { checkSchema } from '../service/preflight/check-schema.ts';
import type { Roles } from '../service/roles.ts';
import { startService } from '../service/start-service.ts';
import { installTemporalRuntime } from '../service/temporal-runtime.ts';
import type { StartContext } from './run-until-stopped.ts';
import { stdout } from './terminal.ts';

/** `posthorn api` and `posthorn worker`. */
export async function startRole({ config, log, closers, signal }: StartContext, roles: Roles): Promise<void> {
  const serviceConfig = requireServers(config);
  socketBudget(openFilesLimit(), config.databasePool); // throws if too few files may be open, before anything is started
  const unused = roles.api ? ['POSTHORN_SAMPLE_PORT'] : ['POSTHORN_PORT', 'POSTHORN_SAMPLE_PORT'];
  await checkPorts(listenersOf(config).filter(({ variable }) => !unused.includes(variable)));
  await checkDatabases(serviceConfig, false, signal);
  await checkSchema(serviceConfig.databaseDirectUrl ?? serviceConfig.databaseUrl);
  const sdkMetrics = await installTemporalRuntime(config, log);
  signal.throwIfAborted();
  const service = await startService(serviceConfig, roles, {
    log,
    logLinesLost: stdout.lostLines,
    ...sdkMetrics,
  });
  closers.push(service.close);
  log.info({ port: service.port }, 'started');
}

/** Throws if an address is missing, which `readConfig` has refused before. A worker needs no admin key. */
function requireServers(config: StartContext['config']): ServiceConfig {
  const { databaseUrl, temporal, adminKey = '' } = config;
  const { address } = temporal;
  if (databaseUrl === undefined || address === undefined)
    throw new Error('DATABASE_URL and TEMPORAL_ADDRESS are required');
  return { ...config, databaseUrl, temporal: { ...temporal, address }, adminKey };
}
