import type { PosthornClient } from '../../../../sdk/typescript/src/client.ts';
import type { AcceptedEvent, NewTestEvent } from '../../../../sdk/typescript/src/models.ts';
import type { ClientContext, ExitCode } from '../client-command.ts';
import { CommandFailure } from '../connection.ts';
import { deliveryRow } from '../events/delivery-lines.ts';
import { statusSpan } from '../events/statuses.ts';
import { found } from '../found.ts';
import { type Line, table } from '../output/lines.ts';
import { formatTime } from '../output/times.ts';
import { waitOf } from '../time-options.ts';
import { composeEvent, type EventOptions } from './compose-event.ts';

export type TriggerOptions = EventOptions & { endpoint?: string; wait?: string | true };

/** Posts one event, or sends a test to an endpoint. With `wait`, returns 1 unless every delivery is delivered. */
export async function triggerEvent(
  { client, output }: ClientContext,
  type: string,
  options: TriggerOptions,
): Promise<ExitCode> {
  const wait = waitOf(options.wait)?.text;
  const query = wait === undefined ? {} : { wait };
  const event =
    options.endpoint === undefined
      ? await client.events.send(await composeEvent(client, type, options), query)
      : await sendTest(client, options.endpoint, await composeTest(client, type, options), query);

  await output.show(event, () => linesOf(event));
  if (event.status === 'unrouted') output.note('No endpoint subscribes to this event.');
  if (wait === undefined) return 0;
  if (event.status === 'pending') output.note(`Not everything was delivered within ${wait}.`);
  return event.status === 'delivered' ? 0 : 1;
}

const sendTest = (client: PosthornClient, endpoint: string, test: NewTestEvent, query: { wait?: string }) =>
  found(client, `endpoint ${endpoint}`, () => client.endpoints.test(endpoint, test, query));

/** Without data of its own, the API sends the example. Throws a CommandFailure for options that a test does not have. */
async function composeTest(
  client: PosthornClient,
  type: string,
  { data, set, attribute, consumer, id }: TriggerOptions,
): Promise<NewTestEvent> {
  if ([attribute, consumer, id].some((option) => option !== undefined)) {
    throw new CommandFailure(
      2,
      'A test has the consumer of its --endpoint, an id of its own and the attributes of the example: leave out --attribute, --consumer and --id.',
    );
  }
  if (data === undefined && set === undefined) return { type };
  const event = await composeEvent(client, type, {
    ...(data !== undefined && { data }),
    ...(set && { set }),
  });
  return { type, data: event.data };
}

function linesOf({ id, type, status, createdAt, deliveryCount, deliveries = [] }: AcceptedEvent): Line[] {
  const count = `${deliveryCount} ${deliveryCount === 1 ? 'delivery' : 'deliveries'}`;
  const head = table([[formatTime(createdAt), type, statusSpan(status), count, id]]);
  return [...head, ...table(deliveries.map(deliveryRow), '  ')];
}
