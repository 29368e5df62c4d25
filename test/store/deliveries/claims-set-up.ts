import type { DeliveryResult } from '../../../src/policy/delivery-result.ts';
import { type Claim, claimDeliveries } from '../../../src/store/deliveries/claims/claim-deliveries.ts';
import { resolveUnclaimed } from '../../../src/store/deliveries/claims/resolve-unclaimed.ts';
import type { AttemptRecord } from '../../../src/store/deliveries/recording/attempt-record.ts';
import { recordAttempts } from '../../../src/store/deliveries/recording/record-attempts.ts';
import type { EventDraft } from '../../../src/store/events/event-draft.ts';
import { attemptRecordOf } from '../attempt-record.ts';
import { type SeededStore, seedStore } from '../seed.ts';

/** One database for the suite, and one active endpoint for each test. */
export function useClaims() {
  let store: SeededStore;
  let endpoint: string;

  beforeAll(async () => {
    store = await seedStore();
  });
  beforeEach(async () => {
    await store.pool.query(`UPDATE endpoints SET status = 'deleted'`);
    endpoint = await store.newEndpoint({ url: 'http://receiver.test/hook' });
  });
  afterAll(() => store.drop());

  return {
    get store() {
      return store;
    },
    get endpoint() {
      return endpoint;
    },

    /** Claims as the attempt activity does: first the common case, then what became claimable. */
    async claim(
      owner: string,
      id: string,
      step = 0,
    ): Promise<{ claims: Claim[]; results: DeliveryResult[] }> {
      const claims = await claimDeliveries(store.pool, owner, [{ id, step }]);
      if (claims.length > 0) return { claims, results: [] };
      const { claimable, results } = await resolveUnclaimed(store.pool, owner, [{ id, step }], () => 0);
      return { claims: await claimDeliveries(store.pool, owner, claimable), results };
    },

    record: (claim: Claim, changes: Partial<AttemptRecord> = {}) =>
      recordAttempts(store.pool, [attemptRecordOf(claim, changes)]).then(({ transitions }) => transitions),

    createDelivery: async (
      owner: string | null = 'mine',
      changes: Partial<EventDraft> = {},
    ): Promise<string> => (await store.acceptEvent(owner, changes)).ids[0]!,
  };
}
