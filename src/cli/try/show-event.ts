import type { EventResponse, EventTypeResponse } from './api-responses.ts';
import type { CallApi } from './call-api.ts';
import { formatRequest } from './format.ts';
import { pollUntil } from './poll-until.ts';
import type { RegisteredReceiver } from './register-receiver.ts';
import type { RecordedRequest, TrialReceiver } from './trial-receiver.ts';
import { TryFailure } from './try-failure.ts';

const ARRIVAL_TIMEOUT_MS = 10_000;

export type TrialContext = {
  call: CallApi;
  receiver: TrialReceiver;
  registered: RegisteredReceiver;
  print(line: string): void;
};

/** Posts the example of the event type. Returns the event's id. */
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

/** Sends the example of the event type, and prints the request to the receiver. Throws a TryFailure if it is not delivered. */
export async function showEvent(context: TrialContext, type: EventTypeResponse): Promise<void> {
  context.print(`\n${type.type}: ${type.description}`);
  await printDelivery(context, await postExample(context, type));
}

/** Does the same with the test event that a dashboard would send. */
export async function showTestEvent(context: TrialContext, endpointId: string): Promise<void> {
  const sent = await context.call<{ id: string; type: string }>(
    'POST',
    `/v1/endpoints/${endpointId}/test`,
    {},
  );
  context.print(`\nA test event of type ${sent.type}; only Posthorn's records mark it as a test`);
  await printDelivery(context, sent.id);
}

async function printDelivery(context: TrialContext, id: string): Promise<void> {
  const { call, print } = context;
  for (const line of formatRequest(await nextVerifiedRequest(context, id))) print(line);
  await pollUntil(
    () => call<EventResponse>('GET', `/v1/events/${id}`),
    ({ status }) => status === 'delivered',
    ({ status }) => `The receiver responded 200, but ${id} is ${status} instead of delivered.`,
  );
}

/** The next request to the receiver. Throws a TryFailure if none arrives within 10 s, or if its signature is wrong. */
export async function nextVerifiedRequest(
  { call, receiver, print }: TrialContext,
  eventId: string,
): Promise<RecordedRequest> {
  const request = await receiver.next(ARRIVAL_TIMEOUT_MS);
  if (!request) {
    const event = await call<EventResponse>('GET', `/v1/events/${eventId}`);
    throw new TryFailure(`Nothing arrived in ${ARRIVAL_TIMEOUT_MS / 1000} s: ${whyNothingArrived(event)}`);
  }
  if (request.verified) return request;
  for (const line of formatRequest(request)) print(line);
  throw new TryFailure('The receiver rejected the signature.');
}

function whyNothingArrived({ id, status, deliveries: [delivery] }: EventResponse): string {
  switch (delivery?.lastOutcome ?? status) {
    case 'unrouted':
      return `${id} is unrouted: no endpoint subscribes to it.`;
    case 'blocked':
      return 'Posthorn may not connect to loopback. Add 127.0.0.0/8 to POSTHORN_ALLOW_TARGETS.';
    case 'connection_failed':
      return 'Posthorn could not connect to the receiver. It must run on the same machine.';
    case 'pending':
      return 'no attempt has been made. Check Temporal with /readyz, and make sure that a worker is running.';
    default:
      return `the event is ${status}; its last outcome is ${delivery?.lastOutcome ?? 'none'}.`;
  }
}
