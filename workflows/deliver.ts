import {
  ApplicationFailure,
  condition,
  continueAsNew,
  defineQuery,
  defineSignal,
  patched,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { DeliveryStep } from '../src/policy/delivery-result.ts';
import { ATTEMPT_OVERHEAD_MS } from '../src/policy/retry-policy.ts';
import {
  type Activities,
  type DeliverInput,
  type DeliverySummary,
  type Progress,
  slowTaskQueueOf,
} from './contract.ts';
import { DeliveryTracker } from './delivery-tracker.ts';
import { InFlightActivities } from './in-flight-activities.ts';

export const retryNow = defineSignal<[string[]]>('retryNow');
export const cancel = defineSignal<[string[]]>('cancel');
/** Postgres has taken over the deliveries that wait, except these. */
export const release = defineSignal<[string[]]>('release');
export const progress = defineQuery<Progress>('progress');

/**
 * Some 400 KB, which replay in well under a second. Temporal terminates a workflow at 51,200 events or 50 MB. What runs when
 * the bound is reached, and up to 10,000 signals that arrive meanwhile, stay far below that.
 */
const EVENTS_PER_RUN = 2_000;

/**
 * Carries a batch of deliveries until each one is delivered, undeliverable, cancelled or released. When its history has grown
 * long, a new run with an empty one carries what is still open.
 */
export async function deliver(input: DeliverInput): Promise<DeliverySummary> {
  const { policy, deliveries, lane, useSearchAttributes, settled } = input;
  const tracker = new DeliveryTracker(policy, deliveries, Date.now());
  const inFlight = new InFlightActivities();
  let isMarkedRetrying = false;
  setHandler(retryNow, (ids) => tracker.makeDue(ids, Date.now()));
  setHandler(cancel, (ids) => tracker.cancel(ids));
  setHandler(release, (kept) => tracker.release(kept));
  setHandler(progress, () => tracker.progress());

  while (tracker.isOpen()) {
    if (isHistoryLong(input.eventsPerRun)) {
      // Takes no more: attempts that run now would not report to the new run.
      await inFlight.finish();
      if (!tracker.isOpen()) break;
      return continueAsNew<typeof deliver>({
        ...input,
        deliveries: tracker.open(Date.now()),
        settled: tracker.summary(settled),
      });
    }
    for (const batch of tracker.takeDue(Date.now())) inFlight.add(attempt(batch));
    if (useSearchAttributes && tracker.hasRetried() && !isMarkedRetrying) {
      isMarkedRetrying = true;
      upsertSearchAttributes({ PosthornState: ['retrying'] });
    }
    setCurrentDetails(tracker.formatTable());
    await untilChangedOrDue();
    if (inFlight.hasFailed()) break;
  }
  await inFlight.finish();
  setCurrentDetails(tracker.formatTable());
  return summaryOrFailure(tracker.summary(settled));

  async function attempt(batch: DeliveryStep[]): Promise<void> {
    const activities = activitiesFor(tracker.describeBatch(batch), policy.timeout, lane, batch);
    const { results, unrecorded } = await activities.attemptDeliveries(batch);
    if (results.length > 0) tracker.apply(results, Date.now());
    if (unrecorded.length > 0) tracker.apply(await recording.recordOutcomes(unrecorded), Date.now());
  }

  async function untilChangedOrDue(): Promise<void> {
    const changed = () => tracker.hasChanged() || inFlight.hasFailed();
    const ms = tracker.msUntilNextDue(Date.now());
    if (ms === undefined) await condition(changed);
    else await condition(changed, ms, { summary: tracker.describeNext(Date.now()) });
  }
}

/** The patch comes last: it is in the history of a workflow only when that has grown long. */
function isHistoryLong(eventsPerRun = EVENTS_PER_RUN): boolean {
  const { historyLength, continueAsNewSuggested } = workflowInfo();
  return (historyLength >= eventsPerRun || continueAsNewSuggested) && patched('bounded history');
}

/** Retries without limit: Postgres may be down for hours, and a lost outcome would make the receiver get the event twice. */
const recording = proxyActivities<Activities>({
  startToCloseTimeout: '1 minute',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '10s' },
  summary: 'record outcomes',
});

function activitiesFor(
  summary: string,
  timeoutSeconds: number,
  lane: DeliverInput['lane'],
  batch: DeliveryStep[],
): Activities {
  const isRetry = batch.some(({ step }) => step > 0);
  const { taskQueue } = workflowInfo();
  return proxyActivities<Activities>({
    taskQueue: isRetry || lane !== 'fast' ? slowTaskQueueOf(taskQueue) : taskQueue,
    startToCloseTimeout: timeoutSeconds * 1000 + ATTEMPT_OVERHEAD_MS,
    // Shows only that the worker is alive. Postgres, not the heartbeat details, knows what a lost worker had done.
    heartbeatTimeout: '10s',
    // Retries without limit: a failure on our side must not use up one of the receiver's attempts.
    retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '5s' },
    summary,
  });
}

/** Fails the workflow, so that the status filter of the Web UI finds it; BENIGN, so that Temporal logs no error. */
function summaryOrFailure(summary: DeliverySummary): DeliverySummary {
  if (summary.undeliverable === 0) return summary;
  const total = summary.delivered + summary.undeliverable + summary.cancelled + summary.released;
  throw ApplicationFailure.create({
    type: 'Undeliverable',
    message: `${summary.undeliverable} of ${total} undeliverable`,
    details: [summary],
    nonRetryable: true,
    category: 'BENIGN',
  });
}
