import type { EventDraft } from '../../store/events/event-draft.ts';
import { storedContentHashes } from '../../store/events/event-reads.ts';
import type { Queryable } from '../../store/postgres/database.ts';
import { Problem } from '../problems/problem.ts';

/** The problem that a current rule finds with an event. */
export type Refusal = { event: Pick<EventDraft, 'id' | 'contentHash'>; problem: Problem };

/**
 * Throws the first problem, with the errors of all problems that have the same code. An event that is already stored
 * under its id with the same content is not refused: it was accepted under older rules, and a producer that lost the
 * response would otherwise conclude that it was rejected.
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
