import type { CallApi } from './call-api.ts';
import { TryFailure } from './failure.ts';
import { formatRequest } from './format.ts';
import type { RegisteredReceiver } from './registration.ts';
import type { EventResponse, EventTypeResponse } from './responses.ts';
import type { RecordedRequest, TrialReceiver } from './trial-receiver.ts';
import { pollUntil } from './wait-until.ts';

const ARRIVES_IN_MS = 10_000;

export type TrialContext = {
  call: CallApi;
  receiver: TrialReceiver;
  registered: RegisteredReceiver;
  print(line: string): void;
};

/** Posts the example of the type; returns the event's id. */
export async function postExample(
  { call, registered }: TrialContext,
  { type, example, exampleAttributes }: EventTypeResponse,
): Promise<string> {
  const { id } = await call<{ id: string }>('POST', '/v1/events', {
    type,
    data: example,
    attributes: exampleAttributes,
    ...registered.eventFields,
  });
  return id;
}

/** Sends the example of the type, and prints what the receiver saw. Throws a TryFailure unless it is delivered. */
export async function showEvent(stage: TrialContext, type: EventTypeResponse): Promise<void> {
  stage.print(`\n${type.type}: ${type.description}`);
  await showDelivered(stage, await postExample(stage, type));
}

/** The same with the test event that a dashboard would send. */
export async function showTestEvent(stage: TrialContext, endpointId: string): Promise<void> {
  const sent = await stage.call<{ id: string; type: string }>('POST', `/v1/endpoints/${endpointId}/test`, {});
  stage.print(`\nA test event of the type ${sent.type}, which our records alone mark as one`);
  await showDelivered(stage, sent.id);
}

async function showDelivered(stage: TrialContext, id: string): Promise<void> {
  const { call, print } = stage;
  for (const line of formatRequest(await nextVerifiedRequest(stage, id))) print(line);
  await pollUntil(
    () => call<EventResponse>('GET', `/v1/events/${id}`),
    ({ status }) => status === 'delivered',
    ({ status }) => `${id} was answered 200, but is ${status} and not delivered.`,
  );
}

/** The next request at the receiver; throws a TryFailure when none comes, or one with a wrong signature. */
export async function nextVerifiedRequest(
  { call, receiver, print }: TrialContext,
  eventId: string,
): Promise<RecordedRequest> {
  const seen = await receiver.next(ARRIVES_IN_MS);
  if (!seen) {
    const present = await call<EventResponse>('GET', `/v1/events/${eventId}`);
    throw new TryFailure(`Nothing arrived in ${ARRIVES_IN_MS / 1000} s: ${whyNothingArrived(present)}`);
  }
  if (seen.verified) return seen;
  for (const line of formatRequest(seen)) print(line);
  throw new TryFailure('The receiver refused the signature.');
}

function whyNothingArrived({ id, status, deliveries: [delivery] }: EventResponse): string {
  switch (delivery?.lastOutcome ?? status) {
    case 'unrouted':
      return `${id} is unrouted, no endpoint takes it.`;
    case 'blocked':
      return 'Posthorn may not dial loopback. POSTHORN_ALLOW_TARGETS has to hold 127.0.0.0/8.';
    case 'connection_failed':
      return 'Posthorn found nobody at the receiver’s address. It has to run on this machine.';
    case 'pending':
      return 'no attempt has been made. /readyz says whether Temporal is there; a worker must run, too.';
    default:
      return `the event is ${status}, its last outcome ${delivery?.lastOutcome ?? 'none'}.`;
  }
}
