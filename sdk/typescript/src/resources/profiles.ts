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
  Signing,
  StoredProfile,
} from '../models.ts';
import { iteratePages, type Page } from '../pagination.ts';
import { idPath } from '../path.ts';

/** The profiles of the project; with the admin key and no project, the profiles that all projects share. */
export function profilesOf(call: Call) {
  const list = (query: ListProfilesQuery = {}): Promise<Page<ListedProfile>> =>
    call('GET', '/v1/profiles', { query });
  return {
    list,
    all: (query: Omit<ListProfilesQuery, 'cursor'> = {}) =>
      iteratePages((page) => list({ ...query, ...page })),
    /** The given version, by default the newest. */
    get: (name: string, query: GetProfileQuery = {}): Promise<StoredProfile> =>
      call('GET', idPath`/v1/profiles/${name}`, { query }),
    /** Creates the next version, unless the newest is the same. */
    put: (name: string, profile: Profile): Promise<ChangedProfile> =>
      call('PUT', idPath`/v1/profiles/${name}`, { body: profile }),
    /** What a receiver of the project needs to verify requests. It can be the `profile` of `webhooks.verify`. */
    signing: (): Promise<Signing> => call('GET', '/v1/signing'),
    /** Returns the request that a receiver would get for an event. Sends nothing. */
    preview: (name: string, event: NewPreview, query: PreviewProfileQuery = {}): Promise<Preview> =>
      call('POST', idPath`/v1/profiles/${name}/preview`, { body: event, query }),
  };
}
