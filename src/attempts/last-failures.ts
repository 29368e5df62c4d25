import type { ProfileLookup } from '../profiles/profile-lookup.ts';
import type { Moved } from '../store/deliveries/settlement.ts';
import { eventProfiles } from '../store/events/event-reads.ts';
import type { Queryable } from '../store/postgres/database.ts';

export type LastFailureDependencies = {
  db: Queryable;
  profiles: Pick<ProfileLookup, 'find'>;
  /** `afterLast` is the provider's word for what the delivery is now. */
  tell: (delivery: Moved, afterLast: string) => void;
  onFailure: (error: unknown) => void;
};

const MOST_AT_ONCE = 1_000;

/**
 * Tells of deliveries that have become undeliverable, in the words of the profiles that they came under. It asks
 * Postgres for all that came meanwhile, and once at a time: where receivers refuse everything, a question for each
 * delivery would take the connections that claims need.
 */
export function createLastFailures({ db, profiles, tell, onFailure }: LastFailureDependencies) {
  const waiting: Moved[] = [];
  let telling = false;

  async function tellAll(): Promise<void> {
    telling = true;
    while (waiting.length > 0) await tellOf(waiting.splice(0, MOST_AT_ONCE)).catch(onFailure);
    telling = false;
  }

  async function tellOf(undeliverable: Moved[]): Promise<void> {
    const found = new Map(
      (await eventProfiles(db, undeliverable)).map((one) => [`${one.projectId}/${one.id}`, one]),
    );
    for (const delivery of undeliverable) {
      const of = found.get(`${delivery.projectId}/${delivery.eventId}`);
      const profile = of && (await profiles.find(of.projectId, of.profile, of.version));
      tell(delivery, profile?.afterLast ?? 'undeliverable');
    }
  }

  return (undeliverable: Moved[]): void => {
    waiting.push(...undeliverable);
    if (!telling) void tellAll();
  };
}
