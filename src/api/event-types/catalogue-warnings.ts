import type { Catalogue } from '../../catalogue/catalogue.ts';
import type { Queryable } from '../../store/postgres/database.ts';
import { subscriptionsOf } from '../../store/projects/event-types.ts';

const MAX_WARNINGS = 20;

/**
 * Warnings for a changed catalogue: existing subscriptions that match none of its types stay, but no new ones can be
 * added. There are none without a catalogue, because every subscription is allowed then.
 */
export async function catalogueWarnings(
  db: Queryable,
  projectId: string,
  catalogue: Catalogue,
): Promise<string[]> {
  if (catalogue.entries.length === 0) return [];
  const subscriptions = await subscriptionsOf(db, projectId);
  const unmatched = subscriptions.filter(({ pattern }) => !catalogue.hasTypeMatching(pattern));
  const listed = unmatched
    .slice(0, MAX_WARNINGS)
    .map(
      ({ pattern, endpoints }) =>
        `${endpoints} ${endpoints === 1 ? 'endpoint subscribes' : 'endpoints subscribe'} to "${pattern}", which matches no event type in the catalogue: the subscription stays, but no new one like it can be added`,
    );
  const more = unmatched.length - listed.length;
  return more > 0 ? [...listed, `and ${more} more subscriptions like these`] : listed;
}
