import { compileSchemaQueued } from '../../json-schema/compile-schema-queued.ts';
import type { TimeSlices } from '../../limits/time-slices.ts';
import type { EventDraft } from '../../store/events/event-draft.ts';
import type { Queryable } from '../../store/postgres/database.ts';
import type { Tenant } from '../auth/tenant.ts';
import { LARGE_BODY_BYTES } from '../http/body/json-document.ts';
import { Problem, prependPointer } from '../problems/problem.ts';
import { type Refusal, refuseUnlessStored } from './refuse-unless-stored.ts';

/** A draft, a way to parse its data, and its JSON pointer in the body: empty, or `/events/3`. */
export type DraftToValidate = { draft: EventDraft; parseData: () => unknown; pointer: string };

/** Throws data_not_valid if data violates the schema of its type, unless the event is already stored. */
export async function requireValidData(
  db: Queryable,
  { projectId, catalogue, enforcesSchemas }: Tenant,
  drafts: DraftToValidate[],
  slices: TimeSlices,
): Promise<void> {
  if (!enforcesSchemas || catalogue.entries.length === 0) return;
  const refusals: Refusal[] = [];
  for (const { draft, parseData, pointer } of drafts) {
    const schema = catalogue.schemaOf(draft.type);
    if (schema === null) continue;
    await compileSchemaQueued(schema, projectId);
    if (drafts.length > 1 || draft.data.length > LARGE_BODY_BYTES) await slices.yieldIfDue();
    const violations = catalogue.validate(draft.type, parseData(), draft.data.length);
    if (violations.length > 0) {
      const errors = prependPointer(`${pointer}/data`, violations);
      refusals.push({ event: draft, problem: new Problem('data_not_valid', undefined, { errors }) });
    }
  }
  await refuseUnlessStored(db, projectId, refusals);
}
