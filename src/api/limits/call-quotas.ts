import { createRateLimiter } from '../../limits/rate-limiter.ts';
import { type Caller, createTenantSemaphore, TooManyWaiting } from '../../limits/tenant-semaphore.ts';
import type { QuotaName, Quotas, RateName } from '../../policy/quotas.ts';
import { Problem } from '../problems/problem.ts';

export type CallQuotas = {
  /**
   * Counts a call, and resolves when it may begin, with how to end it. Rejects with quota_exceeded where the tenant has
   * made as many in a minute as it may, or has too many waiting.
   */
  admit(rate: RateName, party: Caller): Promise<() => void>;
};

/**
 * Changes run on the connections that events are accepted on, and those of a project wait for each other's locks: without
 * a share for each, one that sends hundreds at a time would have all connections.
 */
const TURNS = { maxConcurrent: 5, maxPerProject: 3, maxPerCaller: 2, maxWaitingPerCaller: 100 };
/** A test event may wait for what becomes of it, and a preview asks nothing. */
const WITHOUT_TURN: RateName[] = ['testEvents', 'profilePreviews'];

/** Rates of calls, counted by this process for itself. A consumer's calls never use up what its project may. */
export function createCallQuotas(quotas: Quotas): CallQuotas {
  const limits = createRateLimiter();
  const turns = createTenantSemaphore(TURNS);

  function count(rate: RateName, { projectId, consumer }: Caller): void {
    const ofProject = `${rate}PerMinute` as QuotaName;
    const ofConsumer = `${rate}PerMinuteOfConsumer`;
    const perMinute = quotas[ofProject];
    const buckets = [
      { name: `${rate} ${projectId} ${consumer === null ? '' : 'consumers'}`, perMinute, quota: ofProject },
    ];
    if (consumer !== null && isQuota(quotas, ofConsumer)) {
      const name = `${rate} ${projectId}/${consumer}`;
      buckets.push({ name, perMinute: quotas[ofConsumer], quota: ofConsumer });
    }
    const seconds = limits.take(buckets);
    if (seconds === 0) return;
    const detail = `More calls of this kind than may be made: the quotas are ${buckets.map((one) => `${one.quota}=${one.perMinute}`).join(' and ')}. Wait for the seconds in \`Retry-After\`.`;
    throw new Problem('quota_exceeded', detail, { headers: { 'retry-after': String(seconds) } });
  }

  return {
    async admit(rate, party) {
      count(rate, party);
      return WITHOUT_TURN.includes(rate) ? () => {} : turns.acquire(party).catch(asProblem);
    },
  };
}

function asProblem(error: unknown): never {
  if (!(error instanceof TooManyWaiting)) throw error;
  const detail = 'More of your calls wait for their turn than may. Make fewer of them at a time.';
  throw new Problem('quota_exceeded', detail, { headers: { 'retry-after': '1' } });
}

const isQuota = (quotas: Quotas, name: string): name is QuotaName => Object.hasOwn(quotas, name);
