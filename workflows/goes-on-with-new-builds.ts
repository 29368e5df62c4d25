import { workflowInfo } from '@temporalio/workflow';

/**
 * Options of a workflow that is continued by each new build of the workers, other than one of deliveries. Without a deployment
 * it has none: the server rejects every task that names a behaviour if its worker has no version.
 */
export const goesOnWithNewBuilds = (): { versioningBehavior?: 'AUTO_UPGRADE' } =>
  workflowInfo().currentDeploymentVersion?.deploymentName ? { versioningBehavior: 'AUTO_UPGRADE' } : {};
