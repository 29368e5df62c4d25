import { Problem } from '../problems/problem.ts';

/** Throws consumer_required if the profile requires a consumer for every event, and endpoints without one exist. */
export async function requireConsumers(
  needsConsumer: boolean,
  countConsumerless: () => Promise<number>,
): Promise<void> {
  if (!needsConsumer) return;
  const count = await countConsumerless();
  if (count > 0) throw new Problem('consumer_required', `Endpoints without a consumer: ${count}.`);
}
