import { sleep } from '@temporalio/workflow';
import type { DeliverInput, DeliverySummary } from '../../../workflows/contract.ts';
import { deliver as currentDeliver } from '../../../workflows/index.ts';

/** The current workflow, but with a timer first, so no open workflow could continue with it. */
export async function deliver(input: DeliverInput): Promise<DeliverySummary> {
  await sleep('1s');
  return currentDeliver(input);
}
