import { formatDuration } from '../../policy/duration.ts';
import type { CompiledProfile } from '../../profiles/compile-profile.ts';
import type { AttemptResponse, DeliveryResponse, EventResponse, EventTypeResponse } from './api-responses.ts';
import { pollUntil } from './poll-until.ts';
import { nextVerifiedRequest, postExample, type TrialContext } from './show-event.ts';
import { TryFailure } from './try-failure.ts';

const FAILURE = 503;
/** A wait is never shorter than its delay, but its start is known only with the precision of Posthorn's estimate of Postgres's clock. */
const CLOCK_ERROR_MS = 100;
const MAX_LATE_MS = 1_000;

/**
 * Lets a delivery fail until its last attempt, and prints each attempt with the planned wait after it. Each wait is
 * skipped by requesting a retry. Throws a TryFailure if a wait or the final state differs from the profile.
 */
export async function showFailingDelivery(
  context: TrialContext,
  { title, policy, labels }: CompiledProfile,
  type: EventTypeResponse,
): Promise<void> {
  const { call, receiver, print } = context;
  print(`\n${type.type} to a receiver that responds ${FAILURE}; each wait is skipped by requesting a retry`);
  receiver.failWith(FAILURE);
  const eventId = await postExample(context, type);
  const { deliveries } = await call<EventResponse>('GET', `/v1/events/${eventId}`);
  if (deliveries.length === 0) throw new TryFailure(`No endpoint subscribes to ${eventId}.`);
  print(row('attempt', 'status', 'next attempt'));
  let [delivery] = deliveries as [DeliveryResponse];
  for (let number = 1; number === 1 || delivery.status === 'retrying'; number += 1) {
    if (number > 1) await call('POST', `/v1/deliveries/${delivery.id}/retry`);
    const { responseStatus } = await nextVerifiedRequest(context, eventId);
    delivery = await waitForAttempt(context, delivery.id, number);
    const wait = await plannedWait(context, delivery, number);
    print(row(String(number), String(responseStatus), formatWait(wait)));
    requireWait(wait, policy.delays[number - 1], number);
  }
  if (delivery.status !== 'undeliverable')
    throw new TryFailure(`The final state of the delivery is ${delivery.status}.`);
  print(
    `    final state: ${delivery.status} (${delivery.reason}), which ${title} calls "${labels.undeliverable}"`,
  );
  print(
    `    workflow: ${delivery.workflow.url ?? `${delivery.workflow.id} (the URL of the Web UI is unknown)`}`,
  );
}

const row = (attempt: string, status: string, next: string): string =>
  `    ${attempt.padEnd(7)}   ${status.padEnd(6)}   ${next}`;

/** The delivery, once the attempt with this number is recorded. */
const waitForAttempt = ({ call }: TrialContext, id: string, number: number): Promise<DeliveryResponse> =>
  pollUntil(
    () => call<DeliveryResponse>('GET', `/v1/deliveries/${id}`),
    ({ attempts }) => attempts >= number,
    ({ attempts }) => `Attempt ${number} was not recorded: ${id} has ${attempts}.`,
  );

/** Milliseconds from the end of the attempt to the planned start of the next; null after the last. */
async function plannedWait(
  { call }: TrialContext,
  { id, nextAttemptAt }: DeliveryResponse,
  number: number,
): Promise<number | null> {
  if (nextAttemptAt === null) return null;
  const { items } = await call<{ items: AttemptResponse[] }>('GET', `/v1/deliveries/${id}/attempts`);
  const attempt = items.find((each) => each.number === number)!;
  return Date.parse(nextAttemptAt) - Date.parse(attempt.startedAt) - attempt.durationMs;
}

function requireWait(wait: number | null, delay: number | undefined, number: number): void {
  if (wait === null && delay === undefined) return;
  const lateMs = wait === null || delay === undefined ? Number.NaN : wait - delay * 1000;
  if (lateMs >= -CLOCK_ERROR_MS && lateMs <= MAX_LATE_MS) return;
  const documented = delay === undefined ? 'it is the last' : formatDuration(delay);
  throw new TryFailure(
    `After attempt ${number} the next was planned ${formatWait(wait)}, but the page says ${documented}.`,
  );
}

const formatWait = (wait: number | null): string =>
  wait === null ? 'none' : `in ${formatDuration(Math.round(wait / 1000))}`;
