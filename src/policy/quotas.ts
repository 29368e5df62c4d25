/**
 * Limits of one tenant. Numbers of objects are counted in Postgres, in the transaction that adds one; rates, streams and
 * waits are counted by each process on its own. `OfConsumer` limits one consumer; a quota without it limits the project's
 * own keys and, separately, the keys of all its consumers together.
 */
export const DEFAULT_QUOTAS = {
  endpointsOfProject: 100_000,
  /** Endpoints without a consumer. Each event without a consumer goes to all of them. */
  endpointsWithoutConsumer: 10_000,
  /** Each event of a consumer goes to all its endpoints. */
  endpointsOfConsumer: 500,
  keysOfProject: 10_000,
  keysOfConsumer: 100,
  operationalEndpointsOfProject: 20,
  /** Those that are not completed. */
  erasuresOfProject: 10_000,
  /** The newest are kept. Entries of the admin key are counted separately, too. */
  auditEntriesOfProject: 500_000,
  auditEntriesOfConsumer: 10_000,
  /** Different filters. An event may have to be compared with all of them. */
  filtersOfProject: 500,
  filtersOfConsumer: 50,
  /** Idempotency keys are remembered for 24 hours. */
  idempotencyKeysOfProject: 100_000,
  idempotencyKeysOfConsumer: 1_000,

  listenersOfProject: 50,
  listenersOfConsumer: 5,

  /** Recoveries and cancellations that run or are paused. */
  recoveriesOfProject: 20,
  recoveriesOfConsumer: 3,

  streams: 2_000,
  streamsOfProject: 200,
  streamsOfConsumer: 40,
  waitsOfProject: 500,
  waitsOfConsumer: 20,

  endpointChangesPerMinute: 6_000,
  endpointChangesPerMinuteOfConsumer: 600,
  /** Responses that clients of listeners report. */
  listenerResponsesPerMinute: 6_000,
  listenerResponsesPerMinuteOfConsumer: 600,
  secretRotationsPerMinute: 600,
  secretRotationsPerMinuteOfConsumer: 60,
  testEventsPerMinute: 600,
  testEventsPerMinuteOfConsumer: 60,
  retriesPerMinute: 6_000,
  retriesPerMinuteOfConsumer: 600,
  recoveriesPerMinute: 300,
  recoveriesPerMinuteOfConsumer: 30,
  dismissalsPerMinute: 600,
  keyChangesPerMinute: 300,
  signInsPerMinute: 300,
  signInCodesPerMinute: 60,
  portalLinksPerMinute: 600,
  /** Links that keys of the project make for one consumer. */
  portalLinksPerMinuteOfConsumer: 60,
  consumerChangesPerMinute: 6_000,
  erasuresPerMinute: 600,
  settingChangesPerMinute: 600,
  profileChangesPerMinute: 300,
  profilePreviewsPerMinute: 1_200,
  profilePreviewsPerMinuteOfConsumer: 120,
  filterPreviewsPerMinute: 120,
  filterPreviewsPerMinuteOfConsumer: 12,
  eventTypeChangesPerMinute: 1_200,
};

export type QuotaName = keyof typeof DEFAULT_QUOTAS;
export type Quotas = Record<QuotaName, number>;

type RateOf<Name extends string> = Name extends `${infer Rate}PerMinute` ? Rate : never;
/** The kinds of calls that are limited per minute. */
export type RateName = RateOf<QuotaName>;

/** An event that matches more endpoints is refused. The quotas keep a consumer from reaching this with its own endpoints. */
export const MAX_ENDPOINTS_PER_EVENT = 10_000;

/** Parses `name=number,…` and applies it to the defaults. Returns a message for the setting's error if it is invalid. */
export function parseQuotas(text: string): Quotas | string {
  const quotas: Quotas = { ...DEFAULT_QUOTAS };
  for (const part of text.split(',').map((part) => part.trim())) {
    const [, name = '', number = ''] = /^(\w+)\s*=\s*(\d{1,9})$/.exec(part) ?? [];
    if (!Object.hasOwn(DEFAULT_QUOTAS, name))
      return `a comma-separated list of quotas like endpointsOfConsumer=500: ${part}`;
    quotas[name as QuotaName] = Number(number);
  }
  for (const name of ['endpointsOfConsumer', 'endpointsWithoutConsumer'] as const) {
    if (quotas[name] > MAX_ENDPOINTS_PER_EVENT) {
      return `valid: ${name} may be at most ${MAX_ENDPOINTS_PER_EVENT}, as many as an event may go to`;
    }
  }
  return quotas;
}
