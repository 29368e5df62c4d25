import { urlOf } from '../config/config.ts';
import { noteApiUrl } from '../embedded/data-dir/running-installation.ts';
import { greeting } from '../embedded/greeting.ts';
import { startSampleReceiver } from '../embedded/sample-receiver.ts';
import { ensureDefaultProject, startEmbedded } from '../embedded/start-embedded.ts';
import { openFilesLimit, socketPlan } from '../limits/socket-plan.ts';
import { checkDatabases } from '../service/preflight/check-databases.ts';
import { checkPorts, listenersOf } from '../service/preflight/check-ports.ts';
import { migrateDatabase } from '../service/preflight/migrate-database.ts';
import { startService } from '../service/start-service.ts';
import { installRuntime } from '../service/temporal-runtime.ts';
import { createPool } from '../store/postgres/database.ts';
import type { Starting } from './run-until-stopped.ts';
import { output, say } from './terminal.ts';

/** `posthorn start`: API and worker in one process, with Postgres and Temporal where their variables are unset. */
export async function startAll({ config, log, closers, signal }: Starting): Promise<void> {
  socketPlan(openFilesLimit(), config.databasePool); // throws where there are too few, before anything is started
  const mayMovePort = !process.env.POSTHORN_PORT;
  const listeners = listenersOf(config);
  await checkPorts(
    mayMovePort ? listeners.filter(({ variable }) => variable !== 'POSTHORN_PORT') : listeners,
  );
  const { databaseUrl, databaseDirectUrl } = config;
  if (databaseUrl) await checkDatabases({ databaseUrl, databaseDirectUrl }, true, signal);
  const embedded = await startEmbedded(config, { mayMovePort, say, signal });
  closers.push(embedded.stop);
  const { secrets } = embedded;
  signal.throwIfAborted();
  const variable = databaseUrl ? 'DATABASE_URL' : 'POSTHORN_DATA_DIR';
  await migrateDatabase(databaseDirectUrl ?? embedded.config.databaseUrl, variable);
  if (secrets) {
    const pool = createPool(embedded.config.databaseUrl, 1);
    await ensureDefaultProject(pool, secrets).finally(() => pool.end());
  }
  const sdkMetrics = await installRuntime(config, log);
  signal.throwIfAborted();
  const service = await startService(
    embedded.config,
    { api: true, worker: true },
    { log, logLinesLost: output.lost, ...sdkMetrics },
  );
  closers.push(service.close);
  if (secrets) {
    const stopNoting = noteApiUrl(config.dataDir, urlOf(embedded.config.http.host, service.port!));
    closers.push(async () => stopNoting());
  }
  const receiver = secrets ? await startSampleReceiver(config, say) : null;
  if (receiver) closers.push(receiver.close);
  await untilConnected(service.connected, signal);
  say(greeting(embedded.config, secrets, receiver));
}

/** Rejects with the reason of the signal when it aborts first. */
export async function untilConnected(connected: Promise<void>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const aborted = new Promise<never>((_, reject) =>
    signal.addEventListener('abort', () => reject(signal.reason), { once: true }),
  );
  await Promise.race([connected, aborted]);
}
