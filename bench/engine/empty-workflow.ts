import { proxyActivities } from '@temporalio/workflow';

const { nothing } = proxyActivities<{ nothing(): Promise<void> }>({ startToCloseTimeout: '1 minute' });

/** The minimum cost of a delivery in Temporal: a workflow with one empty activity. */
export async function empty(): Promise<void> {
  await nothing();
}
