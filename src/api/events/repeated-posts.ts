import type { EventDraft } from '../../store/events/event-draft.ts';
import { storedContentHashes } from '../../store/events/event-reads.ts';
import type { Queryable } from '../../store/postgres/database.ts';
import { Problem } from '../problems/problem.ts';

/** Why an event is refused by a rule that holds now. */
export type Refusal = { event: Pick<EventDraft, 'id' | 'contentHash'>; problem: Problem };

/**
 * Throws what is refused, unless it is stored already under its id with the same content: it was accepted under older
 * rules, and a producer that lost the answer would take it for refused. Of several problems it is the first, with the
 * errors of all that have its code.
 */
export async function refuseUnlessStored(
  db: Queryable,
  projectId: string,
  refusals: Refusal[],
): Promise<void> {
  if (refusals.length === 0) return;
  const ids = refusals.map(({ event }) => event.id);
  const stored = await storedContentHashes(db, projectId, ids);
  const problems = refusals.flatMap(({ event, problem }) =>
    stored.get(event.id)?.equals(event.contentHash) ? [] : [problem],
  );
  const [first] = problems;
  if (!first) return;
  const errors = problems.flatMap((problem) => (problem.code === first.code ? problem.errors : []));
  throw new Problem(first.code, first.message, { errors });
}
