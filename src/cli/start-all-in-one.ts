import { baseUrlOf } from '../config/config.ts';
import { recordApiUrl } from '../embedded/data-dir/running-installation.ts';
import { formatReadyMessage } from '../embedded/ready-message.ts';
import { startSampleReceiver } from '../embedded/sample-receiver.ts';
import { ensureDefaultProject, startEmbedded } from '../embedded/start-embedded.ts';
import { openFilesLimit, socketBudget } from '../limits/socket-budget.ts';
import { checkDatabases } from '../service/preflight/check-databases.ts';
import { checkPorts, listenersOf } from '../service/preflight/check-ports.ts';
import { migrateDatabase } from '../service/preflight/migrate-database.ts';
import { startService } from '../service/start-service.ts';
import { installTemporalRuntime } from '../service/temporal-runtime.ts';
import { createPool } from '../store/postgres/database.ts';
import type { ClaimMode } from '../temporal/installation.ts';
import type { Connection } from './client/connection.ts';
import { createSignInLink, servesDashboard } from './client/sign-in-link.ts';
import type { StartContext } from './run-until-stopped.ts';
import { printOrDrop, stdout } from './terminal.ts';

/** `posthorn start`: API and worker in one process, with an embedded Postgres and Temporal if they are not configured. */
export async function startAllInOne(
  { config, log, closers, signal }: StartContext,
  claimMode: ClaimMode,
): Promise<void> {
  socketBudget(openFilesLimit(), config.databasePool); // throws if too few files may be open, before anything is started
  const allowPortChange = !process.env.POSTHORN_PORT;
  const listeners = listenersOf(config);
  await checkPorts(
    allowPortChange ? listeners.filter(({ variable }) => variable !== 'POSTHORN_PORT') : listeners,
  );
  const { databaseUrl, databaseDirectUrl } = config;
  if (databaseUrl) await checkDatabases({ databaseUrl, databaseDirectUrl }, true, signal);
  const embedded = await startEmbedded(config, { allowPortChange, print: printOrDrop, signal });
  closers.push(embedded.stop);
  const { secrets } = embedded;
  signal.throwIfAborted();
  const variable = databaseUrl ? 'DATABASE_URL' : 'POSTHORN_DATA_DIR';
  await migrateDatabase(databaseDirectUrl ?? embedded.config.databaseUrl, printOrDrop, variable);
  if (secrets) {
    const pool = createPool(embedded.config.databaseUrl, 1);
    await ensureDefaultProject(pool, secrets).finally(() => pool.end());
  }
  const sdkMetrics = await installTemporalRuntime(config, log);
  signal.throwIfAborted();
  // Before the service, whose API tells the dashboard about it.
  const receiver = secrets ? await startSampleReceiver(config, printOrDrop) : null;
  if (receiver) closers.push(receiver.close);
  const isReachable = config.allowTargets.length > 0;
  const service = await startService(
    { ...embedded.config, ...(receiver && isReachable && { sampleReceiver: receiver }) },
    { api: true, worker: true },
    { log, logLinesLost: stdout.lostLines, claimMode, ...sdkMetrics },
  );
  closers.push(service.close);
  const url = baseUrlOf(embedded.config.http.host, service.port!);
  if (secrets) {
    const removeApiUrl = recordApiUrl(config.dataDir, url);
    closers.push(async () => removeApiUrl());
  }
  await waitForConnection(service.connected, signal);
  const key = secrets && embedded.config.adminKey;
  const link = key && (await servesDashboard(url)) ? await signInLink({ url, key }) : null;
  printOrDrop(formatReadyMessage(embedded.config, secrets, receiver, link));
}

/** Without a link, the user signs in with a key. */
const signInLink = async (connection: Connection): Promise<string | null> =>
  (await createSignInLink(connection).catch(() => null))?.url ?? null;

/** Resolves when Temporal is connected. Rejects with the reason of `signal` if it aborts first. */
async function waitForConnection(connected: Promise<void>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const aborted = new Promise<never>((_, reject) =>
    signal.addEventListener('abort', () => reject(signal.reason), { once: true }),
  );
  await Promise.race([connected, aborted]);
}
