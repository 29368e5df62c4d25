import type { NativeConnection } from '@temporalio/worker';
import type { DeploymentConfig, TemporalConfig } from '../../config/temporal-config.ts';
import { version } from '../../config/version.ts';
import { bundleHash } from '../bundle/workflow-bundle.ts';
import { type DeploymentVersion, requireVersioning } from './deployment.ts';

/**
 * The build id of this process: POSTHORN_BUILD_ID, or else the version of Posthorn and the beginning of a hash of the
 * workflow code and the installed packages.
 */
export function buildIdOf({ buildId }: DeploymentConfig): string {
  if (buildId !== undefined) return buildId;
  const hash = bundleHash();
  return hash === undefined ? version : `${version}-${hash.slice(0, 12)}`;
}

/**
 * The version as which the workers of this process register; undefined without a deployment.
 * @throws VersioningUnavailable if the server has no versioning
 */
export async function versionOf(
  connection: Pick<NativeConnection, 'workflowService'>,
  { namespace, deployment }: Pick<TemporalConfig, 'namespace' | 'deployment'>,
): Promise<DeploymentVersion | undefined> {
  if (!deployment) return undefined;
  await requireVersioning(connection, namespace);
  return { deploymentName: deployment.name, buildId: buildIdOf(deployment) };
}
