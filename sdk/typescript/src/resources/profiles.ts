import type { Call } from '../call.ts';
import type {
  ChangedProfile,
  GetProfileQuery,
  ListedProfile,
  ListProfilesQuery,
  NewPreview,
  Preview,
  PreviewProfileQuery,
  Profile,
  StoredProfile,
} from '../models.ts';
import { iteratePages, type Page } from '../pages.ts';
import { idPath } from '../path.ts';

/** Of the project; with the admin's key and no project, those that all projects share. */
export function profilesOf(call: Call) {
  const list = (query: ListProfilesQuery = {}): Promise<Page<ListedProfile>> =>
    call('GET', '/v1/profiles', { query });
  return {
    list,
    all: (query: Omit<ListProfilesQuery, 'cursor'> = {}) =>
      iteratePages((page) => list({ ...query, ...page })),
    /** The newest version, or the one asked for. */
    get: (name: string, query: GetProfileQuery = {}): Promise<StoredProfile> =>
      call('GET', idPath`/v1/profiles/${name}`, { query }),
    /** Makes the next version, unless the newest is the same. */
    put: (name: string, profile: Profile): Promise<ChangedProfile> =>
      call('PUT', idPath`/v1/profiles/${name}`, { body: profile }),
    /** The request that a receiver would get of an event; nothing is sent. */
    preview: (name: string, event: NewPreview, query: PreviewProfileQuery = {}): Promise<Preview> =>
      call('POST', idPath`/v1/profiles/${name}/preview`, { body: event, query }),
  };
}
