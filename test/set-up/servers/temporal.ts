import { randomBytes } from 'node:crypto';
import { Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';

const random = () => randomBytes(6).toString('hex');

/** Host and port of the run's Temporal server. */
export const temporalAddress = (): string => running('POSTHORN_TEST_TEMPORAL');

export const temporalUiUrl = (): string => running('POSTHORN_TEST_TEMPORAL_UI');

export const uniqueTaskQueue = (): string => `queue-${random()}`;

/** A namespace of its own, so that suites neither see nor slow each other's workflows; ready to be used. */
export async function createTestNamespace(): Promise<string> {
  const namespace = `test-${random()}`;
  const connection = await Connection.connect({ address: temporalAddress() });
  try {
    await connection.workflowService.registerNamespace({
      namespace,
      workflowExecutionRetentionPeriod: msToTs('1 day'),
    });
    return namespace;
  } finally {
    await connection.close();
  }
}

function running(variable: string): string {
  const value = process.env[variable];
  if (!value)
    throw new Error('no Temporal runs for this test: tests under test/unit have none, move it elsewhere');
  return value;
}
