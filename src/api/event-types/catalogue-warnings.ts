import type { Catalogue } from '../../catalogue/catalogue.ts';
import type { Queryable } from '../../store/postgres/database.ts';
import { subscriptionsOf } from '../../store/projects/event-types.ts';

const MOST_WARNINGS = 20;

/**
 * What a project is told when its catalogue changes: subscriptions that fit no type of it stay as they are, and nothing
 * new can subscribe so. None without a catalogue, where every type is as good.
 */
export async function catalogueWarnings(
  db: Queryable,
  projectId: string,
  catalogue: Catalogue,
): Promise<string[]> {
  if (catalogue.entries.length === 0) return [];
  const subscriptions = await subscriptionsOf(db, projectId);
  const outside = subscriptions.filter(({ pattern }) => !catalogue.hasTypeMatching(pattern));
  const shown = outside
    .slice(0, MOST_WARNINGS)
    .map(
      ({ pattern, endpoints }) =>
        `${endpoints} ${endpoints === 1 ? 'endpoint subscribes' : 'endpoints subscribe'} to "${pattern}", which fits no type of the catalogue: what is subscribed stays, but nothing more can subscribe to it`,
    );
  const more = outside.length - shown.length;
  return more > 0 ? [...shown, `and ${more} more such subscriptions`] : shown;
}
