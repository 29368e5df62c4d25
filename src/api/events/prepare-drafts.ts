import type { AddressGuard } from '../../egress/addresses/address-guard.ts';
import type { TimeSlices } from '../../limits/time-slices.ts';
import type { EventDraft } from '../../store/events/event-draft.ts';
import { storedBodies } from '../../store/events/event-reads.ts';
import type { Queryable } from '../../store/postgres/database.ts';
import type { Tenant } from '../auth/authentication.ts';
import { LARGE_BODY_BYTES } from '../http/body/json-document.ts';
import { requireValidData } from './data-checks.ts';
import { draftOrRefusal, type PostedEvent } from './event-drafts.ts';
import { requirePlansForTargets } from './plan-rules.ts';
import { refuseUnlessStored } from './repeated-posts.ts';

/**
 * The drafts of what was posted, in order. Throws what the profile, the plans and the schemas refuse; what is stored
 * already with the same content is held to none of them.
 */
export async function prepareDrafts(
  db: Queryable,
  tenant: Tenant,
  guard: AddressGuard,
  posted: PostedEvent[],
  slices: TimeSlices,
): Promise<EventDraft[]> {
  const drafts = await composedOrStored(db, tenant, guard, posted, slices);
  const checkable = drafts.map((draft, place) => {
    const { input, pointer } = posted[place]!;
    const parseData = () => ('data' in input ? input.data : JSON.parse(draft.data.toString('utf8')));
    return { draft, parseData, pointer };
  });
  await requirePlansForTargets(db, tenant, checkable);
  await requireValidData(db, tenant, checkable, slices);
  return drafts;
}

/** Where the profile of now has no body for an event that is stored, the draft has the one that is. */
async function composedOrStored(
  db: Queryable,
  tenant: Tenant,
  guard: AddressGuard,
  posted: PostedEvent[],
  slices: TimeSlices,
): Promise<EventDraft[]> {
  const made: ReturnType<typeof draftOrRefusal>[] = [];
  for (const one of posted) {
    if (one.document.bytes.length > LARGE_BODY_BYTES) await slices.yieldIfDue();
    made.push(draftOrRefusal(tenant, guard, one));
  }
  const refused = made.flatMap((one) => ('problem' in one ? [one] : []));
  await refuseUnlessStored(db, tenant.projectId, refused);
  const ids = refused.map(({ event }) => event.id);
  const stored = await storedBodies(db, tenant.projectId, ids);
  return made.map((one) => {
    if (!('problem' in one)) return one;
    const composition = stored.get(one.event.id);
    // Removed between the two reads, being old: what is posted is a new event, then.
    if (!composition) throw one.problem;
    return { ...one.event, ...composition };
  });
}
