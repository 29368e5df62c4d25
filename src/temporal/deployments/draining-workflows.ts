import type { Client } from '@temporalio/client';
import proto from '@temporalio/proto';
import { WORKFLOW_TYPE } from '../../../workflows/contract.ts';
import { type DeploymentVersion, readDeployment } from './deployment.ts';

const { VERSIONING_BEHAVIOR_PINNED } = proto.temporal.api.enums.v1.VersioningBehavior;

/** More are taken by the next pass: these will have ended by then. */
const MAX_WORKFLOWS = 5_000;

/**
 * The ids of open workflows of deliveries that stay on a build which has been replaced. Asks for them only while there is such
 * a build, because the list of open workflows may be long.
 */
export async function workflowsOfDrainingBuilds(
  client: Client,
  deploymentName: string | undefined,
): Promise<string[]> {
  if (deploymentName === undefined) return [];
  const deployment = await readDeployment(client, client.options.namespace, deploymentName);
  const draining = deployment?.builds.filter(({ isDraining }) => isDraining) ?? [];
  if (draining.length === 0) return [];
  const versions = draining.map(({ buildId }) => `'${deploymentName}:${buildId}'`).join(', ');
  const query = `WorkflowType = '${WORKFLOW_TYPE}' AND ExecutionStatus = 'Running' AND TemporalWorkerDeploymentVersion IN (${versions})`;
  const ids: string[] = [];
  for await (const { workflowId } of client.workflow.list({ query })) {
    ids.push(workflowId);
    if (ids.length === MAX_WORKFLOWS) break;
  }
  return ids;
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
