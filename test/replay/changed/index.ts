import { sleep } from '@temporalio/workflow';
import type { DeliverInput, DeliverySummary, RecoverInput } from '../../../workflows/contract.ts';
import { deliver as currentDeliver, recover as currentRecover } from '../../../workflows/index.ts';

/** The current workflows, but with a timer first, so no open workflow could continue with them. */
export async function deliver(input: DeliverInput): Promise<DeliverySummary> {
  await sleep('1s');
  return currentDeliver(input);
}

export async function recover(input: RecoverInput): Promise<string> {
  await sleep('1s');
  return currentRecover(input);
}
