import type { Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import { GRPC_STATUS, grpcStatusOf } from './grpc-status.ts';

/** How long a namespace that Posthorn creates retains closed workflows. */
const RETENTION = '7 days';

/** The message is shown to operators. It contains nothing but the name of the namespace. */
export class NamespaceMissing extends Error {}

type WorkflowConnection = Pick<Connection, 'workflowService'>;

/** `retentionDays`: how long closed workflows are kept; 0 if the server does not say. */
export type Namespace = { id: string; retentionDays: number };

/** Undefined if the namespace does not exist. */
export async function findNamespace(
  { workflowService }: WorkflowConnection,
  namespace: string,
): Promise<Namespace | undefined> {
  try {
    const { namespaceInfo, config } = await workflowService.describeNamespace({ namespace });
    const seconds = Number(config?.workflowExecutionRetentionTtl?.seconds ?? 0);
    return { id: namespaceInfo?.id ?? '', retentionDays: seconds / 86_400 };
  } catch (error) {
    if (grpcStatusOf(error) === GRPC_STATUS.NOT_FOUND) return undefined;
    throw error;
  }
}

/**
 * Creates the namespace if it does not exist. Returns its id, which changes when the server loses its database, or an
 * empty string if the namespace has just been created.
 * @throws NamespaceMissing if the namespace does not exist and cannot be created
 */
export async function ensureNamespace(connection: WorkflowConnection, namespace: string): Promise<string> {
  const existing = await findNamespace(connection, namespace);
  if (existing) return existing.id;
  try {
    await connection.workflowService.registerNamespace({
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
