import type { Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import { GRPC_STATUS, grpcStatusOf } from './grpc-status.ts';

/** How long a namespace that Posthorn creates retains closed workflows. */
const RETENTION = '7 days';

/** The message is shown to operators. It contains nothing but the name of the namespace. */
export class NamespaceMissing extends Error {}

/**
 * Creates the namespace if it does not exist. Returns its id, which changes when the server loses its database, or an
 * empty string if the namespace has just been created.
 * @throws NamespaceMissing if the namespace does not exist and cannot be created
 */
export async function ensureNamespace(
  { workflowService }: Pick<Connection, 'workflowService'>,
  namespace: string,
): Promise<string> {
  try {
    const { namespaceInfo } = await workflowService.describeNamespace({ namespace });
    return namespaceInfo?.id ?? '';
  } catch (error) {
    if (grpcStatusOf(error) !== GRPC_STATUS.NOT_FOUND) throw error;
  }
  try {
    await workflowService.registerNamespace({
      namespace,
      workflowExecutionRetentionPeriod: msToTs(RETENTION),
    });
    return '';
  } catch (error) {
    if (grpcStatusOf(error) === GRPC_STATUS.ALREADY_EXISTS) return ''; // another process created it first
    throw new NamespaceMissing(
      `the Temporal namespace "${namespace}" does not exist and could not be created: create it, or correct TEMPORAL_NAMESPACE`,
      { cause: error },
    );
  }
}
