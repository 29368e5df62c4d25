import {
  CancellationScope,
  log,
  patched,
  proxyActivities,
  type WorkflowInterceptors,
  workflowInfo,
} from '@temporalio/workflow';
import type { PosthornActivities, WebhookEvent } from '../contract.ts';
import { closeOf, defaultCloseEvent, type End, type WorkflowClose } from './workflow-close.ts';

export type CloseEventsOptions = {
  /** Returns the event of a workflow that closes, or undefined for none. It is workflow code. `defaultCloseEvent` by default. */
  event?: (close: WorkflowClose) => WebhookEvent | undefined;
  /** How long the workflow stays open while Posthorn cannot be reached; then it closes without an event. 1 hour by default. */
  giveUpAfterMs?: number;
};

/** The marker in the history of a workflow that posts an event. */
const MARKER = 'posthorn-close-event';
/** Stands for the event of a run that `event` no longer makes: a replay uses the recorded one. */
const RECORDED: WebhookEvent = { type: 'recorded', data: null };

/** Returns interceptors that post an event when a workflow completes, fails or is cancelled. They never change how it ends. */
export const closeEvents = (options: CloseEventsOptions = {}): WorkflowInterceptors => ({
  inbound: [
    {
      async execute(input, next) {
        const end: End = await next(input).then(
          (result) => ({ result }),
          (error: unknown) => ({ error }),
        );
        const close = closeOf(end);
        if (close !== undefined) await report(close, options);
        if ('error' in end) throw end.error;
        return end.result;
      },
    },
  ],
});

async function report(close: WorkflowClose, options: CloseEventsOptions): Promise<void> {
  const event = eventOf(close, options);
  // Whether a run posts an event is decided when it closes, and recorded. Histories from before this interceptor, or from when
  // `event` decided otherwise, must replay, for example for a query.
  const isPosted = workflowInfo().unsafe.isReplaying
    ? patched(MARKER)
    : event !== undefined && patched(MARKER);
  if (isPosted) await CancellationScope.nonCancellable(() => post(event ?? RECORDED, options));
}

/** An exception would repeat the workflow task for ever, so that the workflow could not close. */
function eventOf(close: WorkflowClose, { event = defaultCloseEvent }: CloseEventsOptions) {
  try {
    return event(close);
  } catch (error) {
    log.error('Posthorn: the function for the close event failed, so none is posted', { error });
    return undefined;
  }
}

async function post(event: WebhookEvent, { giveUpAfterMs = 3_600_000 }: CloseEventsOptions): Promise<void> {
  const { sendCloseEvent } = proxyActivities<PosthornActivities>({
    startToCloseTimeout: '30s',
    scheduleToCloseTimeout: giveUpAfterMs,
    retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1 minute' },
    summary: event.type,
  });
  try {
    await sendCloseEvent(event);
  } catch (error) {
    log.warn('Posthorn: the close event was not posted', { error });
  }
}
