import type { ProfileLookup } from '../profiles/profile-lookup.ts';
import type { Transition } from '../store/deliveries/transitions.ts';
import { eventProfiles } from '../store/events/event-reads.ts';
import type { Queryable } from '../store/postgres/database.ts';

export type UndeliverableReporterDependencies = {
  db: Queryable;
  profiles: Pick<ProfileLookup, 'find'>;
  /** `label` is the provider's word for an undeliverable delivery. */
  report: (delivery: Transition, label: string) => void;
  onFailure: (error: unknown) => void;
};

const MAX_PER_BATCH = 1_000;

/**
 * Tells of deliveries that have become undeliverable, in the words of the profiles that they came under. It asks
 * Postgres for all that came meanwhile, and once at a time: where receivers refuse everything, a question for each
 * delivery would take the connections that claims need.
 */
export function createUndeliverableReporter({
  db,
  profiles,
  report,
  onFailure,
}: UndeliverableReporterDependencies) {
  const waiting: Transition[] = [];
  let telling = false;

  async function tellAll(): Promise<void> {
    telling = true;
    while (waiting.length > 0) await tellOf(waiting.splice(0, MAX_PER_BATCH)).catch(onFailure);
    telling = false;
  }

  async function tellOf(undeliverable: Transition[]): Promise<void> {
    const found = new Map(
      (await eventProfiles(db, undeliverable)).map((one) => [`${one.projectId}/${one.id}`, one]),
    );
    for (const delivery of undeliverable) {
      const of = found.get(`${delivery.projectId}/${delivery.eventId}`);
      const profile = of && (await profiles.find(of.projectId, of.profile, of.version));
      report(delivery, profile?.labels.undeliverable ?? 'undeliverable');
    }
  }

  return (undeliverable: Transition[]): void => {
    waiting.push(...undeliverable);
    if (!telling) void tellAll();
  };
}
