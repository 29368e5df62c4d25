import type { Progress } from '../../workflows/contract.ts';
import { eventually } from '../set-up/eventually.ts';
import type { Delivery, TestPosthorn } from '../set-up/test-posthorn.ts';
import { CANARIES } from './canaries.ts';
import { historyJsonOf } from './history.ts';

export const SECRET = `whsec_${CANARIES.secret}`;

/** No delay is shorter than the timeout, so deliveries that fail together stay in one activity. */
export const QUICK = { delays: ['1s', '2s'], timeout: '1s' };

export const eventTo = ({ url }: { url: string }) => ({
  type: 'render.completed',
  data: { secret: CANARIES.data },
  target: { url, secret: SECRET },
});

export async function postOne(
  posthorn: TestPosthorn,
  receiver: { url: string },
): Promise<{ id: string; workflowId: string }> {
  const event = await posthorn.post(eventTo(receiver));
  const workflowId = await workflowOf(posthorn, event.id);
  return { id: (await posthorn.eventOf(event.id)).deliveries[0]!.id, workflowId };
}

export async function workflowOf(posthorn: TestPosthorn, eventId: string): Promise<string> {
  let id: string | null | undefined;
  await eventually(async () => {
    id = (await posthorn.eventOf(eventId)).deliveries[0]?.workflow?.id;
    return id != null;
  });
  return id!;
}

export const deliveryOf = (posthorn: TestPosthorn, id: string): Promise<Delivery> =>
  posthorn.call('GET', `/v1/deliveries/${id}`);

/** Waits until the workflow waits for the step. In Postgres the failure is recorded some milliseconds earlier. */
export async function untilWaiting(
  posthorn: TestPosthorn,
  workflowId: string,
  deliveryId: string,
  step: number,
): Promise<void> {
  const handle = posthorn.temporal.workflow.getHandle(workflowId);
  await eventually(async () => {
    const entries = await handle.query<Progress>('progress').catch(() => []); // it may not have started yet
    return entries.some(
      (entry) => entry.id === deliveryId && entry.state === 'waiting' && entry.step === step,
    );
  });
}

export async function historyWhenClosed(posthorn: TestPosthorn, workflowId: string): Promise<string> {
  const handle = posthorn.temporal.workflow.getHandle(workflowId);
  const isClosed = () =>
    handle.describe().then(
      ({ status }) => status.name !== 'RUNNING',
      () => false, // its id is in Postgres before the workflow starts
    );
  await eventually(isClosed);
  return historyJsonOf(posthorn.temporal, workflowId);
}
