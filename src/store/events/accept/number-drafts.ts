import type { Queryable } from '../../postgres/database.ts';
import type { EventDraft } from '../event-draft.ts';
import { fitInOneStatement } from './insert-events.ts';

// The transaction gets its id before its numbers, as it does when it locks an endpoint before the INSERT takes them. An
// ordered endpoint waits for transactions that may still store a lower number, and knows them by their ids.
const TAKE_NUMBERS = `
  SELECT pg_current_xact_id() AS started, nextval('event_sequence')::float8 AS sequence
  FROM generate_series(1, $1::int)`;

/** Whether the numbers of these drafts must be known before the INSERT. Otherwise it takes them, in the order of the drafts. */
export const needNumbers = (drafts: EventDraft[]): boolean =>
  drafts.some(({ withSequence }) => withSequence) || !fitInOneStatement(drafts);

/** Gives each draft its number, in the order of the drafts, and the body that contains it. */
export async function numberDrafts(db: Queryable, drafts: EventDraft[]): Promise<EventDraft[]> {
  const { rows } = await db.query<{ sequence: number }>(TAKE_NUMBERS, [drafts.length]);
  return drafts.map((draft, index) => {
    const { sequence } = rows[index]!;
    return { ...draft, ...draft.withSequence?.(sequence), sequence };
  });
}
