import { createRateLimiter } from '../../limits/rate-limiter.ts';
import { type Caller, createTenantSemaphore, TooManyWaiting } from '../../limits/tenant-semaphore.ts';
import type { QuotaName, Quotas, RateName } from '../../policy/quotas.ts';
import { Problem } from '../problems/problem.ts';

export type CallQuotas = {
  /**
   * Counts a call and waits until it may begin; resolves with a function that ends it. Rejects with quota_exceeded when
   * the tenant has reached its calls per minute, or has too many calls waiting. `madeFor`: the consumer for whom a key of
   * the project makes the call, which must not use up the calls of the project for its other consumers.
   */
  admit(rate: RateName, caller: Caller, madeFor?: string): Promise<() => void>;
};

/**
 * Changes use the same database connections as accepting events, and the changes of one project wait for each other's
 * locks. Without these limits, a project that sends hundreds of changes at once would occupy every connection.
 */
const CONCURRENCY_LIMITS = { maxConcurrent: 5, maxPerProject: 3, maxPerCaller: 2, maxWaitingPerCaller: 100 };
/** A test event may wait up to 60 s for its deliveries, and a preview runs no query. */
const WITHOUT_CONCURRENCY_LIMIT: RateName[] = ['testEvents', 'profilePreviews'];

/** Calls per minute, counted in this process only. A consumer's calls do not count towards its project's quota. */
export function createCallQuotas(quotas: Quotas): CallQuotas {
  const limits = createRateLimiter();
  const semaphore = createTenantSemaphore(CONCURRENCY_LIMITS);

  function countCall(rate: RateName, { projectId, consumer }: Caller, madeFor?: string): void {
    const projectQuota = `${rate}PerMinute` as const;
    const consumerQuota = `${rate}PerMinuteOfConsumer`;
    const perMinute = quotas[projectQuota];
    const buckets: { name: string; perMinute: number; quota: QuotaName }[] = [
      {
        name: `${rate} ${projectId} ${consumer === null ? '' : 'consumers'}`,
        perMinute,
        quota: projectQuota,
      },
    ];
    const limited = consumer ?? madeFor;
    if (limited !== undefined && isQuota(quotas, consumerQuota)) {
      const name = `${rate} ${projectId}/${limited}`;
      buckets.push({ name, perMinute: quotas[consumerQuota], quota: consumerQuota });
    }
    const retryAfterSeconds = limits.take(buckets);
    if (retryAfterSeconds === 0) return;
    const detail = `Too many calls of this kind per minute: the limit is ${buckets.map(({ quota, perMinute }) => `${quota}=${perMinute}`).join(' and ')}. Wait for the seconds in \`Retry-After\`.`;
    throw new Problem('quota_exceeded', detail, { headers: { 'retry-after': String(retryAfterSeconds) } });
  }

  return {
    async admit(rate, caller, madeFor) {
      countCall(rate, caller, madeFor);
      return WITHOUT_CONCURRENCY_LIMIT.includes(rate)
        ? () => {}
        : semaphore.acquire(caller).catch(asQuotaExceeded);
    },
  };
}

/** Throws quota_exceeded for a tenant that has too many calls waiting; rethrows any other error unchanged. */
export function asQuotaExceeded(error: unknown): never {
  if (!(error instanceof TooManyWaiting)) throw error;
  const detail = 'Too many of your calls are waiting. Send fewer calls at once.';
  throw new Problem('quota_exceeded', detail, { headers: { 'retry-after': '1' } });
}

const isQuota = (quotas: Quotas, name: string): name is QuotaName => Object.hasOwn(quotas, name);
