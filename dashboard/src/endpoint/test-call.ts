import type { PosthornClient } from '../../../sdk/typescript/src/client.ts';

const ANSWER_WITHIN_MS = 10_000;
const LOOK_EVERY_MS = 300;

/**
 * Sends an example to an endpoint, by default of the first type, and waits up to 10 s for the first attempt. `?wait=` would
 * wait until the last.
 */
export async function testEndpoint(
  { endpoints, events, deliveries }: PosthornClient,
  id: string,
  type?: string,
) {
  const event = await endpoints.test(id, type ? { type } : {});
  for (const until = Date.now() + ANSWER_WITHIN_MS; ; ) {
    const [delivery] = (await events.get(event.id)).deliveries;
    const attempt = delivery?.attempts ? (await deliveries.attempts(delivery.id)).items[0] : undefined;
    if (attempt || Date.now() > until) return { event, delivery, attempt };
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}
