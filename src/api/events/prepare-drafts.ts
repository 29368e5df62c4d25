import type { AddressGuard } from '../../egress/addresses/address-guard.ts';
import type { TimeSlices } from '../../limits/time-slices.ts';
import type { EventDraft } from '../../store/events/event-draft.ts';
import { storedBodies } from '../../store/events/event-reads.ts';
import type { Queryable } from '../../store/postgres/database.ts';
import type { Tenant } from '../auth/tenant.ts';
import { LARGE_BODY_BYTES } from '../http/body/json-document.ts';
import { draftOrRefusal, type PostedEvent } from './event-drafts.ts';
import { requirePlansForTargets } from './plan-rules.ts';
import { refuseUnlessStored } from './refuse-unless-stored.ts';
import { requireValidData } from './validate-data.ts';

/**
 * Returns a draft of each posted event, in order. Throws the problems that profile, plans and schemas find. An event
 * that is already stored with the same content is not validated again.
 */
export async function prepareDrafts(
  db: Queryable,
  tenant: Tenant,
  guard: AddressGuard,
  posted: PostedEvent[],
  slices: TimeSlices,
): Promise<EventDraft[]> {
  const drafts = await composeOrUseStored(db, tenant, guard, posted, slices);
  const checkable = drafts.map((draft, index) => {
    const { input, pointer } = posted[index]!;
    const parseData = () => ('data' in input ? input.data : JSON.parse(draft.data.toString('utf8')));
    return { draft, parseData, pointer };
  });
  await requirePlansForTargets(db, tenant, checkable);
  await requireValidData(db, tenant, checkable, slices);
  return drafts;
}

/** If the current profile cannot compose an event that is already stored, its stored body is used. */
async function composeOrUseStored(
  db: Queryable,
  tenant: Tenant,
  guard: AddressGuard,
  posted: PostedEvent[],
  slices: TimeSlices,
): Promise<EventDraft[]> {
  const results: ReturnType<typeof draftOrRefusal>[] = [];
  for (const event of posted) {
    if (event.document.bytes.length > LARGE_BODY_BYTES) await slices.yieldIfDue();
    results.push(draftOrRefusal(tenant, guard, event));
  }
  const refused = results.flatMap((result) => ('problem' in result ? [result] : []));
  await refuseUnlessStored(db, tenant.projectId, refused);
  const ids = refused.map(({ event }) => event.id);
  const stored = await storedBodies(db, tenant.projectId, ids);
  return results.map((result) => {
    if (!('problem' in result)) return result;
    const composition = stored.get(result.event.id);
    // Retention removed the event between the two reads, so this post is a new event.
    if (!composition) throw result.problem;
    return { ...result.event, ...composition };
  });
}
