import type { PosthornClient } from '../../../../sdk/typescript/src/client.ts';

/** The deliveries of an event that failed and that nobody has sent again or dismissed, those included that are retried. */
export async function failedDeliveries(client: PosthornClient, event: string): Promise<string[]> {
  const ids: string[] = [];
  const failed = client.deliveries.all({ event, status: 'undeliverable,retrying', limit: 200 });
  for await (const { id, replayedBy, dismissedAt } of failed)
    if (replayedBy === null && dismissedAt === null) ids.push(id);
  return ids;
}
