/**
 * What one tenant may have, and do in a minute. Numbers of a kind are counted in Postgres, in the transaction that adds to
 * them; rates, streams and waits by each process for itself. `OfConsumer` is what a consumer may with its keys; without
 * it, what the project may, and what all keys of its consumers may together.
 */
export const DEFAULT_QUOTAS = {
  endpointsOfProject: 100_000,
  /** Those that name no consumer: each event without one goes to all of them. */
  endpointsWithoutConsumer: 10_000,
  /** Each event of the consumer goes to all of them. */
  endpointsOfConsumer: 500,
  keysOfProject: 10_000,
  keysOfConsumer: 100,

  streams: 2_000,
  streamsOfProject: 200,
  streamsOfConsumer: 40,
  waitsOfProject: 500,
  waitsOfConsumer: 20,

  endpointChangesPerMinute: 6_000,
  endpointChangesPerMinuteOfConsumer: 600,
  secretRotationsPerMinute: 600,
  secretRotationsPerMinuteOfConsumer: 60,
  testEventsPerMinute: 600,
  testEventsPerMinuteOfConsumer: 60,
  retriesPerMinute: 6_000,
  retriesPerMinuteOfConsumer: 600,
  keyChangesPerMinute: 300,
  consumerChangesPerMinute: 6_000,
  settingChangesPerMinute: 600,
  profileChangesPerMinute: 300,
  profilePreviewsPerMinute: 1_200,
  eventTypeChangesPerMinute: 1_200,
};

export type QuotaName = keyof typeof DEFAULT_QUOTAS;
export type Quotas = Record<QuotaName, number>;

type RateOf<Name extends string> = Name extends `${infer Rate}PerMinute` ? Rate : never;
/** The kinds of calls of which a tenant may make so many in a minute. */
export type RateName = RateOf<QuotaName>;

/** An event that matches more endpoints is refused whole: no consumer may bring its own events there. */
export const MAX_ENDPOINTS_PER_EVENT = 10_000;

/** `name=number,…` over the defaults; the text of what is wrong where it cannot be read. */
export function parseQuotas(text: string): Quotas | string {
  const quotas: Quotas = { ...DEFAULT_QUOTAS };
  for (const part of text.split(',').map((one) => one.trim())) {
    const [, name = '', number = ''] = /^(\w+)\s*=\s*(\d{1,9})$/.exec(part) ?? [];
    if (!Object.hasOwn(DEFAULT_QUOTAS, name))
      return `a comma list of quotas like endpointsOfConsumer=500: ${part}`;
    quotas[name as QuotaName] = Number(number);
  }
  for (const name of ['endpointsOfConsumer', 'endpointsWithoutConsumer'] as const) {
    if (quotas[name] > MAX_ENDPOINTS_PER_EVENT) {
      return `valid: ${name} may be at most ${MAX_ENDPOINTS_PER_EVENT}, as many as an event may go to`;
    }
  }
  return quotas;
}
