import type { NativeConnection } from '@temporalio/worker';
import type { Config } from '../../config/config.ts';
import { MAX_SKEW_MS } from '../../store/postgres/database-clock.ts';
import { connectToTemporal } from '../../temporal/connect.ts';
import { readRouting } from '../../temporal/deployments/deployment.ts';
import { buildIdOf } from '../../temporal/deployments/own-version.ts';
import { describeTemporalFailure } from '../../temporal/describe-failure.ts';
import { findNamespace } from '../../temporal/namespace.ts';
import { findUnusableAttributes } from '../../temporal/search-attributes.ts';
import { temporalSkewMs } from '../../temporal/server-clock.ts';
import { describePollers, type Queues } from '../../temporal/workers/describe-pollers.ts';
import { type Check, type Checks, failed, ok, warning } from './check.ts';

type TemporalConfig = Config['temporal'] & { address: string };

const CALL_TIMEOUT_MS = 10_000;

/** Checks Temporal without changing anything: a missing namespace is reported and not created. */
export async function* checkTemporal(config: TemporalConfig): Checks {
  let connection: NativeConnection;
  try {
    connection = await connectToTemporal(config, new AbortController().signal);
  } catch (error) {
    yield failed('temporal', describeTemporalFailure(error, config));
    return;
  }
  const call = <T>(work: () => Promise<T>): Promise<T> =>
    connection.withDeadline(Date.now() + CALL_TIMEOUT_MS, work);
  try {
    const { serverVersion } = await call(() => connection.workflowService.getSystemInfo({}));
    yield ok('temporal', `The server ${serverVersion} responds at ${config.address}.`);
    const namespace = await call(() => namespaceCheck(connection, config.namespace));
    yield namespace;
    if (namespace.status === 'failed') return;
    yield await call(() => attributesCheck(connection, config.namespace));
    yield await call(() => workersCheck(connection, config));
    const deployment = await call(() => deploymentCheck(connection, config));
    if (deployment) yield deployment;
    yield temporalClockCheck(await call(() => temporalSkewMs(connection, config.namespace)));
  } catch (error) {
    yield failed('temporal', describeTemporalFailure(error, config));
  } finally {
    await connection.close();
  }
}

async function namespaceCheck(connection: NativeConnection, name: string): Promise<Check> {
  const namespace = await findNamespace(connection, name);
  if (!namespace)
    return failed(
      'temporal namespace',
      `The namespace ${name} does not exist.`,
      'Correct TEMPORAL_NAMESPACE. Or start Posthorn, which creates it if it is permitted to.',
    );
  const days = Math.round(namespace.retentionDays * 10) / 10;
  return ok('temporal namespace', `${name} keeps closed workflows for ${days} days.`);
}

async function attributesCheck(connection: NativeConnection, namespace: string): Promise<Check> {
  const name = 'temporal search attributes';
  const fix =
    'Register PosthornProject and PosthornState as Keyword, PosthornEventType and PosthornEventId as KeywordList.';
  const unusable = await findUnusableAttributes(connection, namespace).catch(() => null);
  if (!unusable) return warning(name, 'The server does not let this process list them.', fix);
  const { missing, mistyped } = unusable;
  if (mistyped.length > 0)
    return failed(
      name,
      `${mistyped.join(', ')} exist with another type, so workflows run without search attributes.`,
      `Remove them from the namespace. ${fix}`,
    );
  if (missing.length > 0)
    return warning(
      name,
      `${missing.join(', ')} are missing.`,
      `Posthorn registers them at its next start. If it is not permitted to: ${fix}`,
    );
  return ok(name, 'All four are registered.');
}

async function workersCheck(connection: NativeConnection, temporal: Queues): Promise<Check> {
  const queues = await describePollers(connection, temporal);
  const unpolled = queues.filter(({ identities }) => identities.length === 0);
  if (unpolled.length > 0)
    return failed(
      'temporal workers',
      `No worker polls ${unpolled.map(({ queue, work }) => `${queue} for ${work}`).join(', ')}.`,
      'Start "posthorn worker" with this namespace, and see its log.',
    );
  const workers = new Set(queues.flatMap(({ identities }) => identities)).size;
  return ok(
    'temporal workers',
    `${workers} ${workers === 1 ? 'worker has' : 'workers have'} polled the task queues in the last minutes.`,
  );
}

/** Undefined if workers have no versions, as is the default. */
async function deploymentCheck(
  connection: NativeConnection,
  temporal: Config['temporal'],
): Promise<Check | undefined> {
  const { namespace, taskQueue, deployment } = temporal;
  const name = 'temporal deployment';
  const { current, polledBy } = await readRouting(connection, namespace, taskQueue);
  if (!deployment && !current) return undefined;
  const setCurrent = '"posthorn deployment set-current" makes a build current.';
  if (!current)
    return failed(
      name,
      `No build of ${deployment?.name} is current, so its workers get no new workflows.`,
      `Start a worker with this configuration. With POSTHORN_DEPLOYMENT_PROMOTE=manual, ${setCurrent}`,
    );
  const found = `The build ${current.buildId} of ${current.deploymentName} is current`;
  if (!polledBy.has(current.buildId))
    return failed(name, `${found}, but no worker of it polls.`, `Start one. Or ${setCurrent}`);
  if (!deployment)
    return warning(
      name,
      `${found}, and workers of this configuration would get nothing.`,
      `Set POSTHORN_DEPLOYMENT to ${current.deploymentName}, or see "Turning it off" in docs/upgrades.md.`,
    );
  const own = buildIdOf(deployment);
  if (current.deploymentName === deployment.name && current.buildId === own)
    return ok(name, `${found}, which is this one.`);
  return warning(
    name,
    `${found}. This one, ${own} of ${deployment.name}, gets no new workflows.`,
    `Nothing is to be done if it is an earlier build, whose workers are about to be stopped. Otherwise ${setCurrent}`,
  );
}

/** A warning only: timers run for a time and not until one, so no delivery is early or late. */
export function temporalClockCheck(skewMs: number | undefined): Check {
  if (skewMs === undefined)
    return warning('temporal clock', 'The server does not say what time it is.', 'Keep it on NTP.');
  const seconds = Math.abs(skewMs) / 1_000;
  if (Math.abs(skewMs) <= MAX_SKEW_MS)
    return ok(
      'temporal clock',
      `This machine's clock is within ${Math.max(1, Math.ceil(seconds))} s of Temporal's.`,
    );
  return warning(
    'temporal clock',
    `This machine's clock is ${Math.round(seconds)} s ${skewMs > 0 ? 'ahead of' : 'behind'} Temporal's, so times in its Web UI differ.`,
    'Set the clocks of both machines by NTP.',
  );
}
