import { Problem } from '../problems/problem.ts';

/** Throws consumer_required where every event has to name a consumer, and endpoints that would get none have none. */
export async function requireConsumers(
  needsConsumer: boolean,
  countConsumerless: () => Promise<number>,
): Promise<void> {
  if (!needsConsumer) return;
  const count = await countConsumerless();
  if (count > 0) throw new Problem('consumer_required', `Endpoints without a consumer: ${count}.`);
}
