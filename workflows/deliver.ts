import {
  ApplicationFailure,
  condition,
  defineQuery,
  defineSignal,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
} from '@temporalio/workflow';
import type { DeliveryStep } from '../src/policy/delivery-result.ts';
import {
  type Activities,
  type DeliverInput,
  type DeliverySummary,
  type Progress,
  SLOW_TASK_QUEUE,
  TASK_QUEUE,
} from './contract.ts';
import { DeliveryTracker } from './delivery-tracker.ts';
import { InFlightActivities } from './in-flight-activities.ts';

export const retryNow = defineSignal<[string[]]>('retryNow');
export const cancel = defineSignal<[string[]]>('cancel');
export const progress = defineQuery<Progress>('progress');

/** Carries deliveries until each is delivered, undeliverable, cancelled or no longer this workflow's. */
export async function deliver({
  policy,
  deliveries,
  lane,
  useSearchAttributes,
}: DeliverInput): Promise<DeliverySummary> {
  const agenda = new DeliveryTracker(policy, deliveries, Date.now());
  const underWay = new InFlightActivities();
  let markedAsRetrying = false;
  setHandler(retryNow, (ids) => agenda.makeDue(ids, Date.now()));
  setHandler(cancel, (ids) => agenda.cancel(ids));
  setHandler(progress, () => agenda.progress());

  while (agenda.isOpen()) {
    for (const batch of agenda.takeDue(Date.now())) underWay.add(attempt(batch));
    if (useSearchAttributes && agenda.hasRetried() && !markedAsRetrying) {
      markedAsRetrying = true;
      upsertSearchAttributes({ PosthornState: ['retrying'] });
    }
    setCurrentDetails(agenda.formatTable());
    await untilNews();
    if (underWay.hasFailed()) break;
  }
  await underWay.finish();
  setCurrentDetails(agenda.formatTable());
  return summaryOrFailure(agenda.summary());

  async function attempt(batch: DeliveryStep[]): Promise<void> {
    const activities = activitiesFor(agenda.describeBatch(batch), policy.timeout, lane, batch);
    const { results, unrecorded } = await activities.attemptDeliveries(batch);
    if (results.length > 0) agenda.apply(results, Date.now());
    if (unrecorded.length > 0) agenda.apply(await recording.recordOutcomes(unrecorded), Date.now());
  }

  async function untilNews(): Promise<void> {
    const changed = () => agenda.hasChanged() || underWay.hasFailed();
    const ms = agenda.msUntilNextDue(Date.now());
    if (ms === undefined) await condition(changed);
    else await condition(changed, ms, { summary: agenda.describeNext(Date.now()) });
  }
}

/** Postgres may be away for hours; what the receiver answered must not be lost, nor asked for again. */
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
  return proxyActivities<Activities>({
    taskQueue: isRetry || lane !== 'fast' ? SLOW_TASK_QUEUE : TASK_QUEUE,
    // The attempt, 1 s that a claim may wait for a connection, and the rest for claiming and recording.
    startToCloseTimeout: (timeoutSeconds + 15) * 1000,
    // Liveness only: what a lost worker had done is read from Postgres, not from heartbeat details.
    heartbeatTimeout: '10s',
    // Without end: no outage of ours is charged to the receiver.
    retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '5s' },
    summary,
  });
}

/** Failed, so that the Web UI's status filter finds it; expected, so that it is no error of ours. */
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
