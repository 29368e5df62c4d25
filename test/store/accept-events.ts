import type pg from 'pg';
import type { SecretBox } from '../../src/secrets/secret-box.ts';
import {
  type AcceptOptions,
  beginAccept,
  type NewDelivery,
} from '../../src/store/events/accept/accept-events.ts';
import type { AcceptResult, EventDraft } from '../../src/store/events/event-draft.ts';
import { retryOnConflict } from '../../src/store/postgres/database.ts';

export type AcceptedEvents = {
  results: AcceptResult[];
  /** The deliveries that were stored. */
  deliveries: NewDelivery[];
};

/** Stores events in one transaction, with the owners that `ownerOf` returns. */
export const acceptEvents = (
  pool: pg.Pool,
  box: SecretBox,
  drafts: EventDraft[],
  ownerOf: (delivery: NewDelivery, index: number) => string | null = () => null,
  options: AcceptOptions = {},
): Promise<AcceptedEvents> =>
  retryOnConflict(async () => {
    const transaction = await beginAccept(pool, box, drafts, options);
    const stored = await transaction.store(transaction.deliveries.map(ownerOf));
    return { results: await stored.results(), deliveries: transaction.deliveries.filter(stored.has) };
  });
