import { setImmediate as othersTurn } from 'node:timers/promises';
import type { Queryable } from '../store/database.ts';
import type { EventDraft } from '../store/event-draft.ts';
import { storedContents } from '../store/event-reads.ts';
import type { Tenant } from './authentication.ts';
import { type FieldError, Problem } from './problem.ts';

/** A draft, with its data as it was read and its place in the body: empty, or `/events/3`. */
export type CheckableDraft = { draft: EventDraft; data: unknown; pointer: string };

/** A large batch must not keep other requests waiting for longer than this. */
const TURN_MS = 20;

/**
 * Throws data_not_valid for data that does not fit the schema of its type. What is stored already under its id, with
 * the same content, was accepted under an older schema: a producer that lost the answer must get it again.
 */
export async function requireValidData(
  db: Queryable,
  { projectId, catalogue, enforcesSchemas }: Tenant,
  drafts: CheckableDraft[],
): Promise<void> {
  if (!enforcesSchemas || catalogue.entries.length === 0) return;
  const wrong: { draft: EventDraft; errors: FieldError[] }[] = [];
  let turnEndsAt = performance.now() + TURN_MS;
  for (const { draft, data, pointer } of drafts) {
    const violations = catalogue.check(draft.type, data, draft.data.length);
    if (violations.length > 0) {
      const errors = violations.map(({ pointer: below, detail }) => ({
        pointer: `${pointer}/data${below}`,
        detail,
      }));
      wrong.push({ draft, errors });
    }
    if (performance.now() < turnEndsAt) continue;
    await othersTurn();
    turnEndsAt = performance.now() + TURN_MS;
  }
  if (wrong.length === 0) return;
  const stored = await storedContents(
    db,
    projectId,
    wrong.map(({ draft }) => draft.id),
  );
  const errors = wrong.flatMap((one) =>
    stored.get(one.draft.id)?.equals(one.draft.contentHash) ? [] : one.errors,
  );
  if (errors.length > 0) throw new Problem('data_not_valid', undefined, { errors });
}
