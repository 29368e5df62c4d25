import type { PosthornClient } from '../../../../sdk/typescript/src/client.ts';
import type { AcceptedEvent } from '../../../../sdk/typescript/src/models.ts';
import { callRaw, jsonOf } from '../../api/raw-call.ts';

const ANSWER_WITHIN_MS = 10_000;
const LOOK_EVERY_MS = 300;

/** Sends an example to an endpoint, by default of the first type, and waits for the first attempt. */
export const testEndpoint = async (client: PosthornClient, id: string, type?: string) =>
  firstAttemptOf(client, await client.endpoints.test(id, type ? { type } : {}));

/** Sends data as it was written. */
export async function testWithData(project: string, endpoint: string, type: string, data: string) {
  const body = jsonOf({ type: JSON.stringify(type), data });
  const path = `/v1/endpoints/${encodeURIComponent(endpoint)}/test`;
  return JSON.parse(await callRaw(project, 'POST', path, body)) as AcceptedEvent;
}

/** Waits up to 10 s for the first attempt of an event's first delivery. `?wait=` would wait until the last. */
export async function firstAttemptOf({ events, deliveries }: PosthornClient, event: AcceptedEvent) {
  for (const until = Date.now() + ANSWER_WITHIN_MS; ; ) {
    const [delivery] = (await events.get(event.id)).deliveries;
    const attempt = delivery?.attempts ? (await deliveries.attempts(delivery.id)).items[0] : undefined;
    if (attempt || Date.now() > until) return { event, delivery, attempt };
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}
