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
 * Reports deliveries that have become undeliverable, each with the word of its event's profile. It reads the profiles in
 * batches, one query at a time: if receivers refuse everything, a query per delivery would take the connections that
 * claims need.
 */
export function createUndeliverableReporter({
  db,
  profiles,
  report,
  onFailure,
}: UndeliverableReporterDependencies) {
  const waiting: Transition[] = [];
  let isReporting = false;

  async function reportAll(): Promise<void> {
    isReporting = true;
    while (waiting.length > 0) await reportBatch(waiting.splice(0, MAX_PER_BATCH)).catch(onFailure);
    isReporting = false;
  }

  async function reportBatch(undeliverable: Transition[]): Promise<void> {
    const found = new Map(
      (await eventProfiles(db, undeliverable)).map((event) => [`${event.projectId}/${event.id}`, event]),
    );
    for (const delivery of undeliverable) {
      const eventProfile = found.get(`${delivery.projectId}/${delivery.eventId}`);
      const profile =
        eventProfile &&
        (await profiles.find(eventProfile.projectId, eventProfile.profile, eventProfile.version));
      report(delivery, profile?.labels.undeliverable ?? 'undeliverable');
    }
  }

  return (undeliverable: Transition[]): void => {
    waiting.push(...undeliverable);
    if (!isReporting) void reportAll();
  };
}
