import type pg from 'pg';
import { MAX_ENDPOINTS_PER_EVENT } from '../../../policy/quotas.ts';
import type { SecretBox } from '../../../secrets/secret-box.ts';
import { beginTransaction, type Queryable } from '../../postgres/database.ts';
import type { AcceptResult, EventDraft } from '../event-draft.ts';
import { eventKey } from '../event-key.ts';
import { readResults } from './accept-result.ts';
import { insertConsumers } from './insert-consumers.ts';
import {
  fitInOneStatement,
  insertDrafts,
  type Owners,
  targetSecretContext,
  withOwners,
} from './insert-events.ts';
import { matchReceivers, type NewDelivery } from './match-receivers.ts';
import { needNumbers, numberDrafts } from './number-drafts.ts';
import type { RememberedMatches } from './remembered-matches.ts';

/** A batch whose events match more endpoints together is rejected, because its transaction would take many seconds. */
const MAX_BATCH_FAN_OUT = 100_000;

export type { Owners } from './insert-events.ts';
export type { NewDelivery } from './match-receivers.ts';

export type AcceptOptions = {
  /** Nothing is stored if one draft is rejected. */
  allOrNone?: boolean;
  /** The process that starts what carries the deliveries. */
  processId?: string | null;
  /** Whether the deliveries have `details`, so that requests can be made from memory. */
  withDetails?: boolean;
  /** Learns which endpoints match. */
  remembered?: RememberedMatches;
  /** If a statement waits for a lock for longer, the transaction fails (`isLockTimeout`); 0 is no limit. */
  maxLockWaitMs?: number;
};

/** What a transaction has stored. */
export type StoredEvents = {
  has(delivery: NewDelivery): boolean;
  /** A result for each draft, in order. Reads the events that had been stored before. */
  results(): Promise<AcceptResult[]>;
};

/** An open transaction that has matched events to endpoints. It ends with exactly one of `store` and `rollback`. */
export type AcceptTransaction = {
  /** A delivery for each endpoint that matches. The endpoints are locked until the transaction ends. */
  deliveries: NewDelivery[];
  /** Stores the events with their deliveries, and commits. From then on, delivery is guaranteed. */
  store(owners: Owners): Promise<StoredEvents>;
  rollback(): Promise<void>;
};

/**
 * Begins the transaction that stores these drafts, which have distinct ids. Throws FanOutTooLarge if they match too many
 * endpoints together for one transaction: unless they are a batch, they may be stored separately.
 */
export async function beginAccept(
  pool: pg.Pool,
  box: SecretBox,
  posted: EventDraft[],
  options: AcceptOptions = {},
): Promise<AcceptTransaction> {
  const { allOrNone = false, processId = null, withDetails = false, remembered, maxLockWaitMs } = options;
  const limit = allOrNone ? MAX_BATCH_FAN_OUT : MAX_ENDPOINTS_PER_EVENT;
  const match = async (client: pg.PoolClient) => {
    const drafts = needNumbers(posted) ? await numberDrafts(client, posted) : posted;
    const sealedTargets = sealTargets(box, drafts);
    const matched = await matchReceivers(client, drafts, limit, { withDetails, sealedTargets, remembered });
    return { drafts, sealedTargets, matched };
  };
  const { transaction, result } = await beginTransaction(pool, match, maxLockWaitMs);
  const { drafts, sealedTargets, matched } = result;
  const isSmall = (index: number): boolean => matched[index]!.length <= MAX_ENDPOINTS_PER_EVENT;
  const small = drafts.filter((_, index) => isSmall(index));
  const deliveries = matched.filter((_, index) => isSmall(index)).flat();

  const insert = (client: pg.PoolClient, owners: Owners): Promise<Map<string, number>> => {
    const toInsert = { drafts: small, sealedTargets, deliveries: withOwners(deliveries, owners), processId };
    return insertDrafts(client, toInsert, { withConsumers: !allOrNone });
  };

  async function storeSome(owners: Owners): Promise<StoredEvents> {
    const run = fitInOneStatement(small) ? transaction.commitWith : transaction.runAndCommit;
    const stored = await run((client) => insert(client, owners));
    return { has: isOf(stored), results: () => resultsOf(pool, stored, owners) };
  }

  async function storeAllOrNone(owners: Owners): Promise<StoredEvents> {
    const { stored, results } = await transaction.run(async (client) => {
      const inserted = await insert(client, owners);
      return { stored: inserted, results: await resultsOf(client, inserted, owners) };
    });
    if (results.every((result) => 'event' in result)) {
      await commitWithConsumers();
      return { has: isOf(stored), results: async () => results };
    }
    await transaction.rollback();
    return { has: () => false, results: async () => results };
  }

  /**
   * A batch takes seconds, and until it ends, a post for a consumer that it has inserted would wait for it. So it inserts
   * consumers last.
   */
  async function commitWithConsumers(): Promise<void> {
    if (drafts.every(({ consumer }) => consumer === null)) await transaction.commit();
    else await transaction.commitWith((client) => insertConsumers(client, drafts));
  }

  const resultsOf = (db: Queryable, stored: Map<string, number>, owners: Owners): Promise<AcceptResult[]> =>
    readResults(db, drafts, matched, stored, ownersByDelivery(deliveries, owners));

  return { deliveries, store: allOrNone ? storeAllOrNone : storeSome, rollback: transaction.rollback };
}

const sealTargets = (box: SecretBox, drafts: EventDraft[]): Map<EventDraft, Buffer> =>
  new Map(
    drafts.flatMap((draft) =>
      draft.target
        ? [[draft, box.seal(draft.target.secret, targetSecretContext(draft.projectId, draft.id))]]
        : [],
    ),
  );

export const ownersByDelivery = (
  deliveries: NewDelivery[],
  owners: Owners,
): ((delivery: NewDelivery) => string | null) => {
  const ownerOf = new Map(deliveries.map((delivery, index) => [delivery, owners[index]!]));
  return (delivery) => ownerOf.get(delivery) ?? null;
};

export const isOf =
  (stored: ReadonlyMap<string, number>) =>
  ({ projectId, eventId }: NewDelivery): boolean =>
    stored.has(eventKey(projectId, eventId));
