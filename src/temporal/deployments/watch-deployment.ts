import type { NativeConnection } from '@temporalio/worker';
import type { Logger } from 'pino';
import type { TemporalConfig } from '../../config/temporal-config.ts';
import {
  type DeploymentVersion,
  hasAllQueues,
  type QueueRouting,
  readDeployment,
  readRouting,
  setCurrentBuild,
} from './deployment.ts';
import { isGone, type LastPoll, lastPollOf, promotionOf } from './promotion.ts';

/** Knows the current build of a deployment, and makes that of this process current when it is time. */
export type DeploymentWatch = {
  /** The current version as last read; null: workers without a version; undefined: not known. */
  current(): DeploymentVersion | null | undefined;
  /** Does not wait for a call that is under way: it takes long while Temporal is away. */
  close(): void;
};

export type DeploymentWatchDependencies = {
  connection: NativeConnection;
  /** Without a deployment, the workers of this process have no version. */
  config: Pick<TemporalConfig, 'namespace' | 'taskQueue' | 'deployment'>;
  /** The build of this process's workers, null if they have no version, or there are none. */
  buildId: string | null;
  hasWorkers: boolean;
  log: Logger;
};

/** Often until this build has been current once, because nothing is delivered before the first one is. */
const EAGER_INTERVAL_MS = 500;
const INTERVAL_MS = 5_000;
/** Without versioning, somebody may turn it on. */
const UNUSED_INTERVAL_MS = 30_000;
const WARN_AFTER_FAILURES = 10;

export function watchDeployment(deps: DeploymentWatchDependencies): DeploymentWatch {
  const { connection, buildId, hasWorkers, log } = deps;
  const { namespace, taskQueue, deployment } = deps.config;
  const closing = Promise.withResolvers<void>();
  let isClosed = false;
  let current: DeploymentVersion | null | undefined;
  let isSettled = false;
  let isOtherNoted = false;
  let lastPoll: LastPoll | undefined;

  async function check(): Promise<void> {
    const routing = await readRoutingOrForget();
    const name = deployment?.name ?? routing.current?.deploymentName;
    const state = name === undefined ? undefined : await readDeployment(connection, namespace, name);
    // A server that is short of time may not find a deployment that it has. The task queue knows the current build, too.
    if (name === undefined || state === undefined) noteCurrent(routing.current);
    else noteCurrent(state.current === null ? null : { deploymentName: name, buildId: state.current });
    const mayPromote = hasWorkers && name !== undefined && deployment?.promote !== 'manual';
    const hasBeenCurrent = state?.builds.some((build) => build.buildId === buildId && build.wasCurrent);
    isSettled = !mayPromote || buildId === null || hasBeenCurrent === true;
    const isPolling = routing.polledBy.has(buildId);
    const isCurrentGone = state !== undefined && hasNoWorkers(state.current, routing);
    const reason = mayPromote && state && promotionOf(buildId, state, { isPolling, isCurrentGone });
    if (mayPromote && state && isSettled && !reason && isPolling) noteOther(name, state.current);
    if (!reason || isClosed) return;
    const isReady =
      buildId === null ||
      (await hasAllQueues(connection, namespace, { deploymentName: name, buildId }, taskQueue));
    if (!isReady) return;
    await setCurrentBuild(connection, { namespace, deploymentName: name }, buildId, state.conflictToken);
    log.info({ deployment: name, buildId, previous: state.current, reason }, 'this build is current now');
    current = buildId === null ? null : { deploymentName: name, buildId };
    isSettled = true;
  }

  /** While the server does not respond, nobody polls, so that time does not count. */
  async function readRoutingOrForget(): Promise<QueueRouting> {
    try {
      return await readRouting(connection, namespace, taskQueue);
    } catch (error) {
      lastPoll = undefined;
      throw error;
    }
  }

  function hasNoWorkers(build: string | null, routing: QueueRouting): boolean {
    const now = performance.now();
    lastPoll = lastPollOf(build, routing, lastPoll, now);
    return isGone(lastPoll, routing, now);
  }

  /** Once: the worker still ends what began on its build. */
  function noteOther(name: string, found: string | null): void {
    if (isOtherNoted || found === buildId) return;
    isOtherNoted = true;
    log.info(
      { deployment: name, buildId, current: found },
      'another build is current, and has workers: this one gets no new workflows',
    );
  }

  function noteCurrent(found: DeploymentVersion | null): void {
    if (current !== undefined && current?.buildId !== found?.buildId)
      log.info({ current: found, previous: current }, 'another build is current now');
    current = found;
  }

  async function loop(): Promise<void> {
    for (let failures = 0; !isClosed; ) {
      try {
        await check();
        failures = 0;
      } catch (error) {
        // Expected once or twice: another worker promotes the same build, or the server does not know all queues yet.
        failures += 1;
        if (failures === WARN_AFTER_FAILURES && !isClosed)
          log.warn({ err: error }, 'the worker deployment could not be read or changed; this is tried again');
      }
      await pause(failures > WARN_AFTER_FAILURES ? UNUSED_INTERVAL_MS : intervalMs());
    }
  }

  function intervalMs(): number {
    if (!isSettled) return EAGER_INTERVAL_MS;
    return deployment || current ? INTERVAL_MS : UNUSED_INTERVAL_MS;
  }

  async function pause(ms: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([
      closing.promise,
      new Promise((resolve) => {
        timer = setTimeout(resolve, ms);
      }),
    ]);
    clearTimeout(timer);
  }

  void loop();
  return {
    current: () => current,
    close() {
      isClosed = true;
      closing.resolve();
    },
  };
}
