import type { ShippedProfiles } from '../../profiles/shipped/registry.ts';
import { type Page, type PageRequest, pageOf } from '../../store/postgres/pages.ts';
import { type ListedProfile, SHARED_SCOPE } from '../../store/projects/profiles.ts';

type Listed = Omit<ListedProfile, 'scope'> & { source: 'shipped' | 'shared' | 'own' };

export const profileSource = (scope: string): 'shared' | 'own' => (scope === SHARED_SCOPE ? 'shared' : 'own');

/** A page of shipped and stored profiles by name, each in the newest version, which new events use. */
export function profilePage(
  shipped: ShippedProfiles,
  stored: ListedProfile[],
  page: PageRequest,
): Page<Listed> {
  const byName = new Map<string, Listed>();
  for (const name of shipped.names()) {
    const { version, title, eventTypes } = shipped.get(name)!;
    const types = eventTypes.map((type) => type.name);
    byName.set(name, { name, version, source: 'shipped', title, eventTypes: types });
  }
  // A stored profile keeps its name even if a later release ships a profile of the same name.
  for (const { scope, ...one } of stored) byName.set(one.name, { ...one, source: profileSource(scope) });
  const [after = ''] = page.after ?? [];
  const rest = [...byName.values()].filter(({ name }) => name > after);
  rest.sort((a, b) => (a.name < b.name ? -1 : 1));
  return pageOf(rest.slice(0, page.limit + 1), page.limit, ({ name }) => [name]);
}
