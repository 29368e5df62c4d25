import type { Client } from '@temporalio/client';
import proto from '@temporalio/proto';
import { WORKFLOW_TYPE } from '../../../workflows/contract.ts';
import { type DeploymentVersion, hasDeployments, readDeployment, readRouting } from './deployment.ts';

const { VERSIONING_BEHAVIOR_PINNED } = proto.temporal.api.enums.v1.VersioningBehavior;

/** More are taken by the next pass: these will have ended by then. */
const MAX_WORKFLOWS = 5_000;

/**
 * The ids of open workflows of deliveries that stay on a build which has been replaced. Asks for them only while there is such
 * a build, because the list of open workflows may be long. Without a deployment: those of an installation that had one.
 */
export async function workflowsOfDrainingBuilds(
  client: Client,
  taskQueue: string,
  deploymentName: string | undefined,
): Promise<string[]> {
  const stays =
    deploymentName === undefined
      ? await onAnyBuild(client, taskQueue)
      : await onDrainingBuilds(client, deploymentName);
  if (stays === undefined) return [];
  const query = `WorkflowType = '${WORKFLOW_TYPE}' AND TaskQueue = '${taskQueue}' AND ExecutionStatus = 'Running' AND ${stays}`;
  const ids: string[] = [];
  for await (const { workflowId } of client.workflow.list({ query })) {
    ids.push(workflowId);
    if (ids.length === MAX_WORKFLOWS) break;
  }
  return ids;
}

/** A condition of a list of workflows; undefined if no build is replaced. */
async function onDrainingBuilds(client: Client, deploymentName: string): Promise<string | undefined> {
  const deployment = await readDeployment(client, client.options.namespace, deploymentName);
  const draining = deployment?.builds.filter(({ isDraining }) => isDraining) ?? [];
  if (draining.length === 0) return undefined;
  const versions = draining.map(({ buildId }) => `'${deploymentName}:${buildId}'`).join(', ');
  return `TemporalWorkerDeploymentVersion IN (${versions})`;
}

/** Once workers without a version get new workflows, nobody may be left to continue those that stay on a build. */
async function onAnyBuild(client: Client, taskQueue: string): Promise<string | undefined> {
  const { namespace } = client.options;
  if (!(await hasDeployments(client, namespace))) return undefined;
  const { current } = await readRouting(client, namespace, taskQueue);
  return current === null
    ? "TemporalWorkflowVersioningBehavior = 'Pinned'"
    : onDrainingBuilds(client, current.deploymentName);
}

export type VersioningInfo =
  | proto.temporal.api.workflow.v1.IWorkflowExecutionVersioningInfo
  | null
  | undefined;

/** The version on which a workflow stays; undefined if it goes on with each new one. */
export function pinnedVersionOf(info: VersioningInfo): DeploymentVersion | undefined {
  const { behavior, deploymentVersion } = info ?? {};
  if (behavior !== VERSIONING_BEHAVIOR_PINNED) return undefined;
  const { deploymentName, buildId } = deploymentVersion ?? {};
  return deploymentName && buildId ? { deploymentName, buildId } : undefined;
}
