import type pg from 'pg';
import type { SecretBox } from '../../secrets/secret-box.ts';
import {
  type AcceptOptions,
  type AcceptTransaction,
  beginAccept,
  type Owners,
  type StoredEvents,
} from '../../store/events/accept/accept-events.ts';
import { predictAccept } from '../../store/events/accept/accept-predicted.ts';
import { RememberedMatches } from '../../store/events/accept/remembered-matches.ts';
import type { AcceptResult, EventDraft } from '../../store/events/event-draft.ts';
import { isCancelled, isOutage, retryOnConflict, StoreUnavailable } from '../../store/postgres/database.ts';
import type { Reservation, Reserve } from '../reservation.ts';

export type StoreOptions = Required<Pick<AcceptOptions, 'allOrNone' | 'maxLockWaitMs'>>;

/**
 * A shared transaction waits no longer for a lock that a project's other work holds, such as a batch with the same event in
 * another process: the posts of every project wait with it. Much longer than the commit of another shared transaction takes.
 */
const MAX_LOCK_WAIT_MS = 250;
/** Posts of several projects in one transaction. */
export const SHARED: StoreOptions = { allOrNone: false, maxLockWaitMs: MAX_LOCK_WAIT_MS };
/** Posts of one project. The transaction delays no others, so it may take long. */
export const SEPARATE: StoreOptions = { allOrNone: false, maxLockWaitMs: 0 };
export const BATCH: StoreOptions = { allOrNone: true, maxLockWaitMs: 0 };

/**
 * Stores events in one transaction, with what carries their deliveries. After a conflict or an outage it tries again. Rejects
 * with StoreUnavailable if Postgres cannot be used.
 */
export type StoreDrafts = (drafts: EventDraft[], options: StoreOptions) => Promise<AcceptResult[]>;

export type StoreDraftsDependencies = {
  pool: pg.Pool;
  box: SecretBox;
  reserve: Reserve;
  withDetails: boolean;
  processId: string | null;
};

export function createStoreDrafts({
  pool,
  box,
  reserve,
  withDetails,
  processId,
}: StoreDraftsDependencies): StoreDrafts {
  const remembered = new RememberedMatches();

  async function storeReserved<Stored extends StoredEvents | null>(
    transaction: Omit<AcceptTransaction, 'store'> & { store(owners: Owners): Promise<Stored> },
    onUncertain: (reservation: Reservation) => void,
  ): Promise<Stored> {
    const reservation = await reserveOrRollBack(transaction);
    const stored = await transaction.store(reservation.owners).catch((error) => {
      if (isOutage(error)) onUncertain(reservation);
      else reservation.release(false);
      throw error;
    });
    if (stored) reservation.commit(stored.has);
    else reservation.release(false);
    return stored;
  }

  /** Otherwise the transaction would keep its connection, and its locks on endpoints. */
  async function reserveOrRollBack({
    deliveries,
    rollback,
  }: Pick<AcceptTransaction, 'deliveries' | 'rollback'>): Promise<Reservation> {
    try {
      return reserve(deliveries);
    } catch (error) {
      await rollback();
      throw error;
    }
  }

  /** `onUncertain` gets the reservation if the transaction may or may not have committed. */
  async function reserveAndStore(
    drafts: EventDraft[],
    { allOrNone, maxLockWaitMs }: StoreOptions,
    onUncertain: (reservation: Reservation) => void,
  ): Promise<AcceptResult[]> {
    const predicted = allOrNone
      ? null
      : await predictAccept(pool, remembered, drafts, processId, maxLockWaitMs);
    if (predicted) {
      const stored = await storeReserved(predicted, onUncertain);
      if (stored) return stored.results();
    }
    const options = { allOrNone, processId, withDetails, remembered, maxLockWaitMs };
    const stored = await storeReserved(await beginAccept(pool, box, drafts, options), onUncertain);
    return stored.results();
  }

  return async (drafts, options) => {
    const uncertain: Reservation[] = [];
    const onUncertain = (reservation: Reservation): void => void uncertain.push(reservation);
    const write = () => retryOnConflict(() => reserveAndStore(drafts, options, onUncertain));
    // Together the posts would take as long again.
    const isFinal = (error: unknown): boolean =>
      !isOutage(error) || (options === SHARED && isCancelled(error));
    try {
      // Retried once after a connection failure. The ids are fixed, so a commit that succeeded is found, not repeated.
      return await write().catch((error) => (isFinal(error) ? Promise.reject(error) : write()));
    } catch (error) {
      throw isFinal(error) ? error : new StoreUnavailable(error);
    } finally {
      for (const reservation of uncertain) reservation.release(true);
    }
  };
}
