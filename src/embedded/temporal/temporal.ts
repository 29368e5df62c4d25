import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import { StartFailure } from '../../service/start-failure.ts';
import { makeDataDir } from '../data-dir/data-dir.ts';
import { findFreePort } from '../free-port.ts';
import { processIdentity } from '../processes/process-identity.ts';
import {
  type ServiceProcess,
  type StopSequence,
  startServiceProcess,
  stopProcess,
} from '../processes/service-process.ts';
import { listeningPortsOf } from './listening-ports.ts';
import { findTemporalCli } from './temporal-cli.ts';

export type DevServer = {
  address: string;
  uiUrl: string;
  /** All that it listens on, its HTTP API and metrics too. */
  ports: number[];
  /** The server's own process, for tests that kill it. */
  pid: number;
  stop(): Promise<void>;
};

export type DevServerOptions = {
  /** Unset: everything is kept in memory, and on ports that no one else prefers. */
  dataDir?: string;
  cliPath?: string | undefined;
  log: (line: string) => void;
  /** Ends what is under way; what was started is stopped again before the promise rejects. */
  signal?: AbortSignal | undefined;
};

type Ports = { port: number; uiPort: number };
type OwnPorts = Ports & { others: number[] };

const STOP_SIGNALS: StopSequence = [
  { signal: 'SIGTERM', waitMs: 10_000 },
  { signal: 'SIGKILL', waitMs: 5_000 },
];
const START_TIMEOUT_MS = 30_000;
const PORT_TRIES = 3;

/**
 * A Temporal dev server with its Web UI on loopback: on 7233 and 8233, or where it was before, or on free ports. With
 * a `dataDir` its database is `temporal.db` there, and what an earlier run left running on it is stopped first.
 * Throws when no executable is found (with the ways to get one) or it does not start (with its last words).
 */
export async function startDevServer(options: DevServerOptions): Promise<DevServer> {
  const { dataDir, cliPath, log, signal } = options;
  const command = await findTemporalCli({ cliPath, log, signal });
  return dataDir === undefined ? startInMemory(command) : startOnFile(command, makeDataDir(dataDir), signal);
}

async function startOnFile(
  command: string,
  dataDir: string,
  signal: AbortSignal | undefined,
): Promise<DevServer> {
  const database = join(dataDir, 'temporal.db');
  const note = join(dataDir, 'temporal.json');
  const before = readNote(note);
  if (before && processIdentity(before.pid)?.includes(database)) await stopProcess(before.pid, STOP_SIGNALS);

  const { server, ports } = await startOnFreePorts(
    command,
    [
      '--db-filename',
      database,
      '--sqlite-pragma',
      'journal_mode=WAL',
      '--sqlite-pragma',
      'synchronous=NORMAL',
    ],
    join(dataDir, 'temporal.log'),
    before ? [before, PREFERRED] : [PREFERRED],
    signal,
  );
  writeFileSync(note, JSON.stringify({ pid: server.pid, port: ports.port, uiPort: ports.uiPort }), {
    mode: 0o600,
  });
  return devServer(server, ports, server.stop);
}

async function startInMemory(command: string): Promise<DevServer> {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-temporal-'));
  const { server, ports } = await startOnFreePorts(command, [], join(folder, 'temporal.log'), []);
  return devServer(server, ports, async () => {
    await server.stop();
    rmSync(folder, { recursive: true });
  });
}

const devServer = (
  server: ServiceProcess,
  { port, uiPort, others }: OwnPorts,
  stop: () => Promise<void>,
): DevServer => ({
  address: `127.0.0.1:${port}`,
  uiUrl: `http://127.0.0.1:${uiPort}`,
  ports: [...new Set([port, uiPort, ...others, ...listeningPortsOf(server.pid)])],
  pid: server.pid,
  stop,
});

const PREFERRED: Ports = { port: 7233, uiPort: 8233 };

/** Between our look at a port and the server's bind, another process may take it: then once more with others. */
async function startOnFreePorts(
  command: string,
  args: string[],
  logFile: string,
  preferred: Ports[],
  signal?: AbortSignal,
) {
  for (let tries = 1; ; tries++) {
    signal?.throwIfAborted();
    const port = await findFreePort(...preferred.map((ports) => ports.port));
    const uiPort = await findFreePort(
      ...preferred.map((ports) => ports.uiPort).filter((other) => other !== port),
    );
    // Left to itself it takes free ones for these, which nobody would know: its HTTP API can terminate workflows.
    const [httpPort, metricsPort] = [await findFreePort(), await findFreePort()];
    const server = await startServiceProcess({
      command,
      args: [
        ...COMMON_ARGS,
        ...['--port', String(port), '--ui-port', String(uiPort)],
        ...['--http-port', String(httpPort), '--metrics-port', String(metricsPort)],
        ...args,
      ],
      logFile,
      stopSequence: STOP_SIGNALS,
    });
    try {
      await untilReady(server, `127.0.0.1:${port}`, signal);
      return { server, ports: { port, uiPort, others: [httpPort, metricsPort] } };
    } catch (error) {
      await server.stop();
      const taken = /address already in use/.test((error as Error).message);
      if (!taken || tries === PORT_TRIES) throw error;
    }
  }
}

const COMMON_ARGS = [
  ...['server', 'start-dev', '--ip', '127.0.0.1', '--ui-ip', '127.0.0.1'],
  // A first attempt comes with the answer to its workflow task then, without a way through the task queue.
  ...['--dynamic-config-value', 'system.enableActivityEagerExecution=true'],
  ...['--log-level', 'warn', '--log-format', 'json'],
];

/** Ready is: the namespace answers, and keeps closed workflows for seven days instead of the server's one. */
async function untilReady(
  server: ServiceProcess,
  address: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const until = performance.now() + START_TIMEOUT_MS;
  for (;;) {
    signal?.throwIfAborted();
    const failure = server.failure();
    if (failure) throw new StartFailure(`The Temporal dev server did not start: ${failure}`);
    try {
      return await keepSevenDays(address);
    } catch (error) {
      if (performance.now() > until)
        throw new StartFailure(
          `The Temporal dev server does not answer within ${START_TIMEOUT_MS / 1000} s; temporal.log in POSTHORN_DATA_DIR says why.`,
          { cause: error },
        );
      await sleep(50);
    }
  }
}

async function keepSevenDays(address: string): Promise<void> {
  const connection = await Connection.connect({ address, connectTimeout: 1_000 });
  try {
    await connection.workflowService.updateNamespace({
      namespace: 'default',
      config: { workflowExecutionRetentionTtl: msToTs('7 days') },
    });
  } finally {
    await connection.close();
  }
}

function readNote(file: string): (Ports & { pid: number }) | undefined {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Ports & { pid: number }) : undefined;
}
