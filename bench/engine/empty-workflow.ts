import { proxyActivities } from '@temporalio/workflow';

const { nothing } = proxyActivities<{ nothing(): Promise<void> }>({ startToCloseTimeout: '1 minute' });

/** The least that a delivery could cost the engine: one activity that does nothing. */
export async function empty(): Promise<void> {
  await nothing();
}
