import type { PosthornClient } from '../../../../sdk/typescript/src/client.ts';
import type { DeliveryDetails } from '../../../../sdk/typescript/src/models.ts';
import { PosthornError } from '../../../../sdk/typescript/src/posthorn-error.ts';
import type { ClientContext, ExitCode } from '../client-command.ts';
import { CommandFailure } from '../connection.ts';
import { deliveryRow } from '../events/delivery-lines.ts';
import { isDeliveryId } from '../events/event-details.ts';
import { found } from '../found.ts';
import { table } from '../output/lines.ts';
import { waitOf } from '../time-options.ts';
import { withinQuota } from '../within-quota.ts';
import { failedDeliveries } from './failed-deliveries.ts';
import { untilSettled } from './until-settled.ts';

export type ResendOptions = { endpoint?: string; wait?: string | true };

/**
 * Sends a delivery again, or the failed deliveries of an event, or the event to one endpoint. With `wait`, returns 1
 * unless all are delivered; 3 if the API refuses some of them.
 */
export async function resend(
  context: ClientContext,
  id: string,
  { endpoint, wait }: ResendOptions,
): Promise<ExitCode> {
  const { client, output } = context;
  const waiting = waitOf(wait);
  if (endpoint !== undefined && isDeliveryId(id))
    throw new CommandFailure(2, '--endpoint sends an event: give the id of an event, not of a delivery.');

  const { sent, refused } =
    endpoint !== undefined
      ? { sent: [await sendTo(client, id, endpoint)], refused: 0 }
      : isDeliveryId(id)
        ? { sent: [await found(client, `delivery ${id}`, () => client.deliveries.retry(id))], refused: 0 }
        : await retryAll(context, await failedDeliveries(client, id));
  if (sent.length + refused === 0) {
    await found(client, `event ${id}`, () => client.events.get(id));
    output.note(
      'Nothing to send: no delivery of this event has failed, or what failed was sent again or dismissed.',
    );
    return 0;
  }
  const shown = waiting === undefined ? sent : await untilSettled(context, sent, waiting.ms);
  if (output.kind === 'json') for (const delivery of shown) await output.show(delivery, () => []);
  else await output.show(null, () => table(shown.map(deliveryRow)));

  if (refused > 0) return 3;
  return waiting === undefined || shown.every(({ status }) => status === 'delivered') ? 0 : 1;
}

/** The API says of neither which one it did not find. */
async function sendTo(client: PosthornClient, event: string, endpoint: string): Promise<DeliveryDetails> {
  await found(client, `event ${event}`, () => client.events.get(event));
  return await found(client, `endpoint ${endpoint}`, () => client.events.deliverTo(event, endpoint));
}

/** One refusal, for example because an endpoint is deleted, does not keep the others from being sent. */
async function retryAll(
  context: ClientContext,
  ids: string[],
): Promise<{ sent: DeliveryDetails[]; refused: number }> {
  const sent: DeliveryDetails[] = [];
  let refused = 0;
  for (const id of ids) {
    try {
      sent.push(await withinQuota(() => context.client.deliveries.retry(id), context));
    } catch (error) {
      if (!(error instanceof PosthornError) || error.status >= 500) throw error;
      refused += 1;
      context.output.note(`${id}: ${error.message} (${error.code})`);
    }
  }
  return { sent, refused };
}
