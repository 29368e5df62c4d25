import { sleep } from '@temporalio/workflow';
import type { DeliverInput, DeliverySummary } from '../../../workflows/contract.ts';
import { deliver as todays } from '../../../workflows/index.ts';

/** Today's workflow, except that it waits a second first: no workflow that is open could go on with it. */
export async function deliver(input: DeliverInput): Promise<DeliverySummary> {
  await sleep('1s');
  return todays(input);
}
