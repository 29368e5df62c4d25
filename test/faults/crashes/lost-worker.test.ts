import { Client, Connection } from '@temporalio/client';
import pLimit from 'p-limit';
import type { Progress } from '../../../workflows/contract.ts';
import { type InterruptibleProxy, startInterruptibleProxy } from '../../replay/interruptible-proxy.ts';
import { eventually } from '../../set-up/eventually.ts';
import { type Installation, installOnSharedServers } from '../installation/installation.ts';
import { untilAllDelivered } from '../installation/ledger.ts';
import type { PosthornProcess } from '../installation/posthorn-process.ts';
import { type StalledReceiver, startStalledReceiver } from '../installation/stalled-receiver.ts';

const IN_FLIGHT = 20;
/** Of each test, with the set-ups of the others, for which it may wait. */
const TIMEOUT_MS = 900_000;

/* The tests run at the same time, each in an installation of its own, because each waits for most of its time. */

type Scene = {
  posthorn: Installation;
  receiver: StalledReceiver;
  proxy: InterruptibleProxy;
  api: PosthornProcess;
  /** Has POSTs in flight to a receiver that does not respond yet. */
  worker: PosthornProcess;
  /** Is idle. */
  other: PosthornProcess;
};

/** One after the other: an attempt may last a minute, and has begun before the second worker starts. */
const setUps = pLimit(1);

async function onStage(play: (scene: Scene) => Promise<void>): Promise<void> {
  const posthorn = await installOnSharedServers();
  const receiver = await startStalledReceiver();
  const proxy = await startInterruptibleProxy(`http://${posthorn.env.TEMPORAL_ADDRESS}`);
  try {
    const processes = await setUps(() => startProcesses(posthorn, receiver, proxy));
    await play({ posthorn, receiver, proxy, ...processes });
  } finally {
    receiver.respond();
    await posthorn.close();
    await proxy.close();
    await receiver.close();
  }
}

async function startProcesses(
  posthorn: Installation,
  receiver: StalledReceiver,
  proxy: InterruptibleProxy,
): Promise<Pick<Scene, 'api' | 'worker' | 'other'>> {
  const [api, worker] = await Promise.all([
    posthorn.startApi(),
    posthorn.startWorker({ TEMPORAL_ADDRESS: new URL(proxy.url).host }),
  ]);
  const project = await posthorn.api.newProject({ timeout: '60s' });
  await posthorn.api.newEndpoint(project, receiver.url, ['*']);
  await Promise.all(
    Array.from({ length: IN_FLIGHT }, () =>
      posthorn.api.call(project.key, 'POST', '/v1/events', { type: 'a.b', data: {} }),
    ),
  );
  await receiver.untilReceived(IN_FLIGHT);
  return { api, worker, other: await posthorn.startWorker() };
}

const untilSilentFor = ({ posthorn, worker }: Scene, seconds: number) =>
  eventually(async () => {
    const { rows } = await posthorn.pool.query<{ silent: boolean }>(
      `SELECT clock_timestamp() - last_heartbeat_at > $2 * interval '1 second' AS silent FROM processes WHERE pid = $1`,
      [worker.pid, seconds],
    );
    return rows[0]!.silent;
  }, seconds * 2_000);

/** Waits until a workflow knows from the second worker that its attempts are in flight elsewhere. */
async function untilSecondWorkerWaits({ posthorn }: Scene): Promise<void> {
  const connection = await Connection.connect({ address: posthorn.env.TEMPORAL_ADDRESS! });
  const client = new Client({ connection, namespace: posthorn.env.TEMPORAL_NAMESPACE! });
  const { rows } = await posthorn.pool.query<{ owner: string }>('SELECT DISTINCT owner FROM deliveries');
  const waits = async ({ owner }: { owner: string }): Promise<boolean> => {
    // The query may go to the disconnected worker, which does not respond.
    const asked = client.workflow.getHandle(owner).query<Progress>('progress');
    return asked.then((progress) => progress.every(({ state }) => state === 'waiting')).catch(() => false);
  };
  await eventually(async () => (await Promise.all(rows.map(waits))).some(Boolean));
  await connection.close();
}

const countOutcomes = async ({ posthorn }: Scene) =>
  (await posthorn.pool.query('SELECT outcome, count(*)::int AS n FROM attempts GROUP BY 1 ORDER BY 1')).rows;

/** The log lines of all processes about lost processes. */
const reportedLost = ({
  api,
  worker,
  other,
}: Scene): { process: { role: string; interruptedAttempts: number; pid: number } }[] =>
  [api, worker, other]
    .flatMap((one) => one.output().split('\n'))
    .filter((line) => line.includes('a process ended without shutting down'))
    .map((line) => JSON.parse(line));

test.concurrent(
  'a worker that is stopped for longer is declared lost, and its late results change no delivery',
  () =>
    onStage(async (scene) => {
      const { posthorn, receiver, worker } = scene;
      process.kill(worker.pid, 'SIGSTOP');
      // Declared lost after 30 s; then Temporal may still give a task to an open poll of the stopped worker, and wait for it.
      await receiver.untilReceived(2 * IN_FLIGHT, 85_000);
      receiver.respond();
      await untilAllDelivered(posthorn.pool, 60_000);
      process.kill(worker.pid, 'SIGCONT');

      await worker.untilPrinted(/declared this process lost/);

      // Its results complete the attempts that had become unknown.
      await eventually(async () => (await countOutcomes(scene)).length === 1);
      expect(await countOutcomes(scene)).toEqual([{ outcome: 'delivered', n: 2 * IN_FLIGHT }]);
      expect(receiver.requests).toHaveLength(2 * IN_FLIGHT);
    }),
  TIMEOUT_MS,
);

test.concurrent(
  'a worker that is stopped for 15 s repeats nothing: retried activities wait for it',
  () =>
    onStage(async (scene) => {
      const { posthorn, receiver, worker } = scene;
      process.kill(worker.pid, 'SIGSTOP');
      await untilSilentFor(scene, 15);
      process.kill(worker.pid, 'SIGCONT');
      receiver.respond();

      await untilAllDelivered(posthorn.pool, 60_000);

      expect(await countOutcomes(scene)).toEqual([{ outcome: 'delivered', n: IN_FLIGHT }]);
      expect(receiver.requests).toHaveLength(IN_FLIGHT);
      expect(reportedLost(scene)).toEqual([]);
    }),
  TIMEOUT_MS,
);

test.concurrent(
  'a worker that loses only Temporal repeats nothing: retried activities wait for its results',
  () =>
    onStage(async (scene) => {
      const { posthorn, receiver, proxy } = scene;
      proxy.interrupt();
      await untilSecondWorkerWaits(scene);
      receiver.respond();

      await untilAllDelivered(posthorn.pool, 60_000);

      expect(await countOutcomes(scene)).toEqual([{ outcome: 'delivered', n: IN_FLIGHT }]);
      expect(receiver.requests).toHaveLength(IN_FLIGHT);
    }),
  TIMEOUT_MS,
);

test.concurrent(
  'a killed worker is detected within seconds, and its attempts are logged once and repeated',
  () =>
    onStage(async (scene) => {
      const { posthorn, receiver, worker } = scene;
      await worker.end('SIGKILL');
      await eventually(() => reportedLost(scene).length > 0);
      await receiver.untilReceived(2 * IN_FLIGHT);
      receiver.respond();

      await untilAllDelivered(posthorn.pool, 60_000);

      expect(reportedLost(scene)).toMatchObject([
        { process: { role: 'worker', interruptedAttempts: IN_FLIGHT, pid: worker.pid } },
      ]);
      expect(await countOutcomes(scene)).toEqual([
        { outcome: 'delivered', n: IN_FLIGHT },
        { outcome: 'unknown', n: IN_FLIGHT },
      ]);
      expect(receiver.requests).toHaveLength(2 * IN_FLIGHT);
    }),
  TIMEOUT_MS,
);
