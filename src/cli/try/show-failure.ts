import { formatDuration } from '../../policy/duration.ts';
import type { CompiledProfile } from '../../profiles/compile-profile.ts';
import { TryFailure } from './failure.ts';
import type { AttemptResponse, DeliveryResponse, EventResponse, EventTypeResponse } from './responses.ts';
import { nextVerifiedRequest, postExample, type TrialContext } from './show-event.ts';
import { pollUntil } from './wait-until.ts';

const FAILURE = 503;
/** A wait is never short of its delay, but its start is known to Posthorn only as exactly as the clock of Postgres. */
const CLOCK_ERROR_MS = 100;
const LATE_MS = 1_000;

/**
 * Has a delivery fail until its last attempt, and prints each with the wait that was planned after it. The waits are
 * cut short by asking for the next attempt. Throws a TryFailure when a wait is not the profile's, or the end is not.
 */
export async function showFailure(
  stage: TrialContext,
  { title, policy, labels }: CompiledProfile,
  type: EventTypeResponse,
): Promise<void> {
  const { call, receiver, print } = stage;
  print(
    `\n${type.type} to a receiver that answers ${FAILURE}, each wait cut short by asking for the next attempt`,
  );
  receiver.failWith(FAILURE);
  const eventId = await postExample(stage, type);
  const { deliveries } = await call<EventResponse>('GET', `/v1/events/${eventId}`);
  if (deliveries.length === 0) throw new TryFailure(`No endpoint takes ${eventId}.`);
  print(row('attempt', 'answer', 'next attempt'));
  let [delivery] = deliveries as [DeliveryResponse];
  for (let number = 1; number === 1 || delivery.status === 'retrying'; number += 1) {
    if (number > 1) await call('POST', `/v1/deliveries/${delivery.id}/retry`);
    const { responseStatus } = await nextVerifiedRequest(stage, eventId);
    delivery = await recorded(stage, delivery.id, number);
    const wait = await plannedWait(stage, delivery, number);
    print(row(String(number), String(responseStatus), inWords(wait)));
    requireWait(wait, policy.delays[number - 1], number);
  }
  if (delivery.status !== 'undeliverable') throw new TryFailure(`The delivery ended ${delivery.status}.`);
  print(
    `    final state: ${delivery.status} (${delivery.reason}), which ${title} calls "${labels.undeliverable}"`,
  );
  print(
    `    workflow: ${delivery.workflow.url ?? `${delivery.workflow.id} (no address of a Web UI is known)`}`,
  );
}

const row = (attempt: string, answer: string, next: string): string =>
  `    ${attempt.padEnd(7)}   ${answer.padEnd(6)}   ${next}`;

/** The delivery once its attempt of this number is recorded. */
const recorded = ({ call }: TrialContext, id: string, number: number): Promise<DeliveryResponse> =>
  pollUntil(
    () => call<DeliveryResponse>('GET', `/v1/deliveries/${id}`),
    ({ attempts }) => attempts >= number,
    ({ attempts }) => `Attempt ${number} was not recorded: ${id} has ${attempts}.`,
  );

/** Milliseconds from the end of the attempt to the next one; null after the last. */
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
  const late = wait === null || delay === undefined ? Number.NaN : wait - delay * 1000;
  if (late >= -CLOCK_ERROR_MS && late <= LATE_MS) return;
  const page = delay === undefined ? 'it is the last' : formatDuration(delay);
  throw new TryFailure(
    `After attempt ${number} the next was planned ${inWords(wait)}, and the page says ${page}.`,
  );
}

const inWords = (wait: number | null): string =>
  wait === null ? 'none' : `in ${formatDuration(Math.round(wait / 1000))}`;
