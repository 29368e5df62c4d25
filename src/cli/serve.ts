import type { ServiceConfig } from '../config/service-config.ts';
import { openFilesLimit, socketBudget } from '../limits/socket-budget.ts';
import { checkDatabases } from '../service/preflight/check-databases.ts';
import { checkPorts, listenersOf } from '../service/preflight/check-ports.ts';
import { checkSchema } from '../service/preflight/check-schema.ts';
import type { Roles } from '../service/roles.ts';
import { startService } from '../service/start-service.ts';
import { installTemporalRuntime } from '../service/temporal-runtime.ts';
import type { StartContext } from './run-until-stopped.ts';
import { output } from './terminal.ts';

/** `posthorn api` and `posthorn worker`: readConfig has made sure that the addresses and keys are there. */
export async function startRole({ config, log, closers, signal }: StartContext, roles: Roles): Promise<void> {
  const { databaseUrl, temporal, adminKey } = config;
  const full = { ...config, databaseUrl, temporal, adminKey: adminKey ?? '' } as ServiceConfig;
  socketBudget(openFilesLimit(), config.databasePool); // throws where there are too few, before anything is started
  const unused = roles.api ? ['POSTHORN_SAMPLE_PORT'] : ['POSTHORN_PORT', 'POSTHORN_SAMPLE_PORT'];
  await checkPorts(listenersOf(config).filter(({ variable }) => !unused.includes(variable)));
  await checkDatabases(full, false, signal);
  await checkSchema(full.databaseDirectUrl ?? full.databaseUrl);
  const sdkMetrics = await installTemporalRuntime(config, log);
  signal.throwIfAborted();
  const service = await startService(full, roles, { log, logLinesLost: output.lostLines, ...sdkMetrics });
  closers.push(service.close);
  log.info({ port: service.port }, 'started');
}
