import pLimit from 'p-limit';
import { eventually } from '../../set-up/eventually.ts';
import { type Release, releaseWithNewStep } from '../installation/changed-release.ts';
import {
  endAllProcesses,
  type PosthornProcess,
  startLauncher,
  startPosthorn,
} from '../installation/posthorn-process.ts';
import {
  ASK_EVERY_MS,
  startVersionedInstallation,
  type VersionedInstallation,
} from './versioned-installation.ts';
import { type WaitingWorkflows, workflowsIn } from './waiting-workflows.ts';

/* The tests run at the same time, each in an installation of its own, because each waits for most of its time. */

const WORKFLOWS = 30;

let release: Release;
beforeAll(() => {
  release = releaseWithNewStep('all workflows');
});
afterAll(async () => {
  await endAllProcesses();
  release.remove();
});

async function inAnInstallation(test: (one: VersionedInstallation) => Promise<void>): Promise<void> {
  const one = await startVersionedInstallation();
  await test(one).finally(() => one.close());
}

type Scene = { api: PosthornProcess; old: PosthornProcess; waiting: WaitingWorkflows };

/** One after the other: ten processes that start at the same time would be slow. */
const setUps = pLimit(1);

/** Starts the API and a worker of a build; null: without a version. */
const start = (one: VersionedInstallation, build: string | null): Promise<Scene> =>
  setUps(async () => {
    const [api, old] = await Promise.all([
      one.posthorn.startApi({ ...one.build(build), POSTHORN_GROUPING: 'never' }),
      one.posthorn.startWorker(one.build(build)),
    ]);
    if (build !== null) await one.untilCurrent(build);
    return { api, old, waiting: await one.waitingDeliveries() };
  });

/** Build B, whose workflow does not fit the histories of build A. */
async function startIncompatible(one: VersionedInstallation): Promise<PosthornProcess> {
  const env = { ...one.posthorn.env, ...one.build('B') };
  const worker = one.started(startLauncher(release.cli, 'worker', env));
  await one.untilCurrent('B');
  return worker;
}

/** What waited in workflows waits in Postgres, and the workflows have ended. Returns after how many seconds. */
async function untilReleased(
  { temporal }: VersionedInstallation,
  waiting: WaitingWorkflows,
  ids: string[],
  workflows: string[],
): Promise<number> {
  const since = performance.now();
  await eventually(async () => (await waiting.owners(ids)).join() === 'schedule', 120_000);
  await eventually(
    async () => {
      const running = new Set(await workflowsIn(temporal, 'Running'));
      return !workflows.some((id) => running.has(id));
    },
    180_000,
    ASK_EVERY_MS,
  );
  return Math.round((performance.now() - since) / 1_000);
}

test.concurrent(
  'whatever workers are killed, deliveries go on with one build, and with the earlier one when no other is left',
  () =>
    inAnInstallation(async (one) => {
      const { posthorn } = one;
      const { old, waiting } = await start(one, 'A');
      const ids = await waiting.post(WORKFLOWS);
      const workflows = await waiting.owners();
      const parts = [ids.slice(0, 10), ids.slice(10, 20), ids.slice(20)];

      // The new build takes over what waits on a build whose workers were all killed.
      await old.end('SIGKILL');
      const newer = await startIncompatible(one);
      const released = await untilReleased(one, waiting, ids, workflows);
      await waiting.makeDue(parts[0]!);
      const seconds = await waiting.untilDelivered(10);
      process.stdout.write(`released in ${released} s, delivered in ${seconds} s\n`);

      // An old worker beside it does not take it back, but takes over when the new build has no worker left.
      const again = await posthorn.startWorker(one.build('A'));
      await again.untilPrinted(/another build is current/);
      const load = await one.startLoad();
      await load.untilDeliveriesGoOn();
      expect(again.output()).not.toContain('this build is current now');
      await newer.end('SIGKILL');
      const killedAt = performance.now();
      await again.untilPrinted(/this build is current now/, 240_000);
      const takenOver = Math.round((performance.now() - killedAt) / 1_000);
      process.stdout.write(`the earlier build took over after ${takenOver} s\n`);
      // 90 s after the last poll, which an idle worker begins every 60 s.
      expect(takenOver).toBeGreaterThanOrEqual(29);
      await load.untilDeliveriesGoOn();
      await waiting.makeDue(parts[1]!);
      await waiting.untilDelivered(20);

      // An operator decides otherwise.
      const last = one.started(startLauncher(release.cli, 'worker', { ...posthorn.env, ...one.build('B') }));
      await last.untilPrinted(/another build is current, and has workers/);
      const command = one.started(
        startPosthorn('deployment', { ...posthorn.env, ...one.build('B') }, 'set-current'),
      );
      expect(await command.ended).toBe(0);
      expect(command.output()).toContain('The build B is current now');
      await one.untilCurrent('B');
      const doctor = one.started(startPosthorn('doctor', { ...posthorn.env, ...one.build('B') }));
      await doctor.ended;
      expect(doctor.output()).toContain('The build B of posthorn is current, which is this one.');
      await again.end('SIGTERM');
      await load.untilDeliveriesGoOn();
      await waiting.makeDue(parts[2]!);
      await waiting.untilDelivered(WORKFLOWS);

      const { lost, repeated, unknown } = await load.end();
      expect(lost).toBe(0);
      expect(repeated).toBeLessThanOrEqual(unknown);
      await waiting.expectSentOnce(WORKFLOWS);
      expect(await workflowsIn(one.temporal, 'Failed')).toEqual([]);
    }),
  1_200_000,
);

test.concurrent(
  'versioning is turned on and off again in an installation that delivers',
  () =>
    inAnInstallation(async (one) => {
      const { posthorn } = one;
      const scene = await start(one, null);
      const { waiting } = scene;
      const load = await one.startLoad();
      const before = await waiting.post(20);

      // On: each process is replaced by one with a version.
      await scene.api.end('SIGTERM');
      const api = await posthorn.startApi({ ...one.build('A'), POSTHORN_GROUPING: 'never' });
      const worker = await posthorn.startWorker(one.build('A'));
      await one.untilCurrent('A');
      await scene.old.end('SIGTERM');
      await load.untilDeliveriesGoOn();
      await waiting.makeDue(before.slice(0, 10));
      await waiting.untilDelivered(10);
      const pinned = await waiting.post(20);
      const workflows = await waiting.owners(pinned);
      expect(workflows).toHaveLength(20);

      // Off: each process is replaced by one without, and nothing else is done.
      await api.end('SIGTERM');
      await posthorn.startApi({ POSTHORN_GROUPING: 'never' });
      const unversioned = await posthorn.startWorker();
      await worker.end('SIGTERM');
      const stoppedAt = performance.now();
      await unversioned.untilPrinted(/this build is current now/, 240_000);
      const seconds = Math.round((performance.now() - stoppedAt) / 1_000);
      process.stdout.write(`workers without a version took over after ${seconds} s\n`);
      await load.untilDeliveriesGoOn();
      await untilReleased(one, waiting, pinned, workflows);
      await waiting.makeDue([...before.slice(10), ...pinned]);
      await waiting.untilDelivered(40);

      expect(await load.end()).toEqual({ lost: 0, repeated: 0, unknown: 0 });
      await waiting.expectSentOnce(40);
      expect(await workflowsIn(one.temporal, 'Failed')).toEqual([]);
    }),
  1_200_000,
);

test.concurrent(
  'an incompatible build takes over what waits, and the old worker ends its workflows',
  () =>
    inAnInstallation(async (one) => {
      const { old, waiting } = await start(one, 'A');
      const ids = await waiting.post(WORKFLOWS);
      const workflows = await waiting.owners();
      expect(workflows.length).toBe(WORKFLOWS);

      await startIncompatible(one);
      const released = await untilReleased(one, waiting, ids, workflows);
      const endedByWorker = await workflowsIn(one.temporal, 'Completed');
      await old.end('SIGTERM');
      await waiting.makeDue(ids);
      const seconds = await waiting.untilDelivered(WORKFLOWS);

      process.stdout.write(`released in ${released} s, delivered in ${seconds} s\n`);
      await waiting.expectSentOnce(WORKFLOWS);
      expect(await workflowsIn(one.temporal, 'Failed')).toEqual([]);
      // All, on a machine on which the old worker needs less than 30 s for them.
      expect(endedByWorker.length).toBeGreaterThan(0);
    }),
  1_200_000,
);
