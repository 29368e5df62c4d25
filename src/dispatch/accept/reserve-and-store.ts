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
import { isOutage } from '../../store/postgres/database.ts';
import type { Reservation, Reserve } from '../reservation.ts';

export type StoreOptions = Required<Pick<AcceptOptions, 'allOrNone' | 'maxLockWaitMs'>>;

/**
 * Stores events in one transaction, with what carries their deliveries. `onUncertain` gets the reservation if the
 * transaction may or may not have committed.
 */
export type ReserveAndStore = (
  drafts: EventDraft[],
  options: StoreOptions,
  onUncertain: (reservation: Reservation) => void,
) => Promise<AcceptResult[]>;

export type ReserveAndStoreDependencies = {
  pool: pg.Pool;
  box: SecretBox;
  reserve: Reserve;
  withDetails: boolean;
  processId: string | null;
};

export function createReserveAndStore({
  pool,
  box,
  reserve,
  withDetails,
  processId,
}: ReserveAndStoreDependencies): ReserveAndStore {
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

  return async (drafts, { allOrNone, maxLockWaitMs }, onUncertain) => {
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
  };
}
