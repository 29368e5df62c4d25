import type { ProfileLookup } from '../src/profiles/profile-lookup.ts';
import type { Queryable } from '../src/store/database.ts';
import { eventProfiles } from '../src/store/event-reads.ts';
import type { Moved } from '../src/store/settlement.ts';

export type LastFailureDependencies = {
  db: Queryable;
  profiles: Pick<ProfileLookup, 'find'>;
  /** `afterLast` is the provider's word for what the delivery is now. */
  tell: (delivery: Moved, afterLast: string) => void;
};

/** Tells of deliveries that have become undeliverable, in the words of the profiles that they came under. */
export function createLastFailures({ db, profiles, tell }: LastFailureDependencies) {
  return async (undeliverable: Moved[]): Promise<void> => {
    const found = await eventProfiles(db, undeliverable);
    for (const delivery of undeliverable) {
      const of = found.find(
        ({ projectId, id }) => projectId === delivery.projectId && id === delivery.eventId,
      );
      const profile = of && (await profiles.find(of.projectId, of.profile, of.version));
      tell(delivery, profile?.afterLast ?? 'undeliverable');
    }
  };
}
