import { setImmediate as othersTurn } from 'node:timers/promises';
import type { Queryable } from '../store/database.ts';
import type { EventDraft } from '../store/event-draft.ts';
import type { Tenant } from './authentication.ts';
import { Problem } from './problem.ts';
import { type Refusal, refuseUnlessStored } from './repeated-posts.ts';

/** A draft, with its data as it was read and its place in the body: empty, or `/events/3`. */
export type CheckableDraft = { draft: EventDraft; data: unknown; pointer: string };

/** A large batch must not keep other requests waiting for longer than this. */
const TURN_MS = 20;

/** Throws data_not_valid for data that does not fit the schema of its type, unless the event is stored already. */
export async function requireValidData(
  db: Queryable,
  { projectId, catalogue, enforcesSchemas }: Tenant,
  drafts: CheckableDraft[],
): Promise<void> {
  if (!enforcesSchemas || catalogue.entries.length === 0) return;
  const wrong: Refusal[] = [];
  let turnEndsAt = performance.now() + TURN_MS;
  for (const { draft, data, pointer } of drafts) {
    const violations = catalogue.check(draft.type, data, draft.data.length);
    if (violations.length > 0) {
      const errors = violations.map(({ pointer: below, detail }) => ({
        pointer: `${pointer}/data${below}`,
        detail,
      }));
      wrong.push({ event: draft, problem: new Problem('data_not_valid', undefined, { errors }) });
    }
    if (performance.now() < turnEndsAt) continue;
    await othersTurn();
    turnEndsAt = performance.now() + TURN_MS;
  }
  await refuseUnlessStored(db, projectId, wrong);
}
