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
  /** All ports that it listens on, including its HTTP API and metrics. */
  ports: number[];
  /** The server's own process, for tests that kill it. */
  pid: number;
  stop(): Promise<void>;
};

export type DevServerOptions = {
  /** If unset, all data is in memory, and any free ports are used. */
  dataDir?: string;
  cliPath?: string | undefined;
  log: (line: string) => void;
  /** Cancels the start. What has been started is stopped before the promise rejects. */
  signal?: AbortSignal | undefined;
};

type Ports = { port: number; uiPort: number };
type AllPorts = Ports & { otherPorts: number[] };

const STOP_SIGNALS: StopSequence = [
  { signal: 'SIGTERM', waitMs: 10_000 },
  { signal: 'SIGKILL', waitMs: 5_000 },
];
const START_TIMEOUT_MS = 30_000;
const PORT_TRIES = 3;

/**
 * Starts a Temporal dev server and its Web UI on loopback: on the ports of the previous run, else on 7233 and 8233, else
 * on free ports. With a `dataDir` its database is the file `temporal.db` there, and a server that an earlier run left
 * behind is stopped first. Throws a StartFailure if no executable is found, or if the server does not start.
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
  const stateFile = join(dataDir, 'temporal.json');
  const previous = readStateFile(stateFile);
  if (previous && processIdentity(previous.pid)?.includes(database))
    await stopProcess(previous.pid, STOP_SIGNALS);

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
    previous ? [previous, DEFAULT_PORTS] : [DEFAULT_PORTS],
    signal,
  );
  writeFileSync(stateFile, JSON.stringify({ pid: server.pid, port: ports.port, uiPort: ports.uiPort }), {
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
  { port, uiPort, otherPorts }: AllPorts,
  stop: () => Promise<void>,
): DevServer => ({
  address: `127.0.0.1:${port}`,
  uiUrl: `http://127.0.0.1:${uiPort}`,
  ports: [...new Set([port, uiPort, ...otherPorts, ...listeningPortsOf(server.pid)])],
  pid: server.pid,
  stop,
});

const DEFAULT_PORTS: Ports = { port: 7233, uiPort: 8233 };

/** Another process may take a port after it was found free; then the start is retried with other ports. */
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
    // Chosen here so that they are known and never targets: the HTTP API can terminate workflows.
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
      await waitUntilReady(server, `127.0.0.1:${port}`, signal);
      return { server, ports: { port, uiPort, otherPorts: [httpPort, metricsPort] } };
    } catch (error) {
      await server.stop();
      const taken = /address already in use/.test((error as Error).message);
      if (!taken || tries === PORT_TRIES) throw error;
    }
  }
}

const COMMON_ARGS = [
  ...['server', 'start-dev', '--ip', '127.0.0.1', '--ui-ip', '127.0.0.1'],
  // The first attempt is then dispatched with the response to its workflow task, without the task queue.
  ...['--dynamic-config-value', 'system.enableActivityEagerExecution=true'],
  // A closed workflow can be deleted once its queues have noted that; an erasure waits for it.
  ...['--dynamic-config-value', 'history.transferProcessorUpdateAckInterval="2s"'],
  ...['--dynamic-config-value', 'history.visibilityProcessorUpdateAckInterval="2s"'],
  ...['--log-level', 'warn', '--log-format', 'json'],
];

/** Ready means that the namespace exists and keeps closed workflows for 7 days instead of the default of 1 day. */
async function waitUntilReady(
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
      return await setRetention(address);
    } catch (error) {
      if (performance.now() > until)
        throw new StartFailure(
          `The Temporal dev server does not respond within ${START_TIMEOUT_MS / 1000} s; see temporal.log in POSTHORN_DATA_DIR.`,
          { cause: error },
        );
      await sleep(50);
    }
  }
}

async function setRetention(address: string): Promise<void> {
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

function readStateFile(file: string): (Ports & { pid: number }) | undefined {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Ports & { pid: number }) : undefined;
}
