import type { Connection } from '@temporalio/client';
import { isGrpcServiceError } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';

const NOT_FOUND = 5;
const ALREADY_EXISTS = 6;
/** How long the Web UI keeps a finished workflow, in a namespace that we made. */
const RETENTION = '7 days';

/** Its message is for whoever asks what is missing: it names nothing but the namespace. */
export class NamespaceMissing extends Error {}

/**
 * Makes the namespace where it is missing and where we may. Returns its id, which is another one after the server has
 * lost its database; '' while it has just been made. Throws with what an operator has to do.
 */
export async function ensureNamespace(
  { workflowService }: Pick<Connection, 'workflowService'>,
  namespace: string,
): Promise<string> {
  try {
    const { namespaceInfo } = await workflowService.describeNamespace({ namespace });
    return namespaceInfo?.id ?? '';
  } catch (error) {
    if (grpcStatusOf(error) !== NOT_FOUND) throw error;
  }
  try {
    await workflowService.registerNamespace({
      namespace,
      workflowExecutionRetentionPeriod: msToTs(RETENTION),
    });
    return '';
  } catch (error) {
    if (grpcStatusOf(error) === ALREADY_EXISTS) return ''; // another process was first
    throw new NamespaceMissing(
      `the Temporal namespace "${namespace}" does not exist and could not be made: make it, or set TEMPORAL_NAMESPACE`,
      { cause: error },
    );
  }
}

/** The gRPC status code of an error, looked for along its causes as the SDK nests them. */
export function grpcStatusOf(error: unknown): number | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (isGrpcServiceError(cause)) return cause.code;
    if ('code' in cause && typeof cause.code === 'number') return cause.code;
  }
  return undefined;
}
