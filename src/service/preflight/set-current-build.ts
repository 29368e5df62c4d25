import type { Config } from '../../config/config.ts';
import { connectToTemporal } from '../../temporal/connect.ts';
import { setCurrentBuild } from '../../temporal/deployments/deployment.ts';
import { buildIdOf } from '../../temporal/deployments/own-version.ts';
import { describeTemporalFailure } from '../../temporal/describe-failure.ts';
import { GRPC_STATUS, grpcStatusOf } from '../../temporal/grpc-status.ts';
import { StartFailure } from '../start-failure.ts';

/**
 * Makes a build of the configured deployment the current one: that of this process, another one by its id, or with null the
 * workers without a version. Returns the build. Throws a StartFailure that says why it was not possible.
 */
export async function setCurrent(
  { temporal }: Config,
  build: string | null | undefined,
): Promise<string | null> {
  const { address, namespace, deployment } = temporal;
  if (address === undefined || deployment === undefined)
    throw new StartFailure(
      'TEMPORAL_ADDRESS and POSTHORN_DEPLOYMENT are required for "posthorn deployment".',
    );
  const config = { ...temporal, address };
  const buildId = build === undefined ? buildIdOf(deployment) : build;
  try {
    const connection = await connectToTemporal(config, new AbortController().signal);
    try {
      await setCurrentBuild(connection, { namespace, deploymentName: deployment.name }, buildId);
      return buildId;
    } finally {
      await connection.close();
    }
  } catch (error) {
    if (grpcStatusOf(error) === GRPC_STATUS.NOT_FOUND)
      throw new StartFailure(
        `The deployment "${deployment.name}" has no build "${buildId}": start a worker of it first. "posthorn doctor" names the current one.`,
        { cause: error },
      );
    throw new StartFailure(describeTemporalFailure(error, config), { cause: error });
  }
}
