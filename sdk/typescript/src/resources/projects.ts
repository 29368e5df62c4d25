import type { Call } from '../call.ts';
import type {
  ChangedProject,
  CreatedProject,
  Erasure,
  ListedProject,
  ListProjectsQuery,
  NewProject,
  Project,
  ProjectChanges,
} from '../models.ts';
import { iteratePages, type Page } from '../pagination.ts';
import { idPath } from '../path.ts';

/** Needs the admin key. */
export function projectsOf(call: Call) {
  const list = (query: ListProjectsQuery = {}): Promise<Page<ListedProject>> =>
    call('GET', '/v1/projects', { query });
  return {
    /** The response contains the project's key. No later response does. */
    create: (project: NewProject): Promise<CreatedProject> => call('POST', '/v1/projects', { body: project }),
    list,
    all: (query: Omit<ListProjectsQuery, 'cursor'> = {}) =>
      iteratePages((page) => list({ ...query, ...page })),
    get: (id: string): Promise<Project> => call('GET', idPath`/v1/projects/${id}`),
    update: (id: string, changes: ProjectChanges): Promise<ChangedProject> =>
      call('PATCH', idPath`/v1/projects/${id}`, { body: changes }),
    /** Erases the project with everything in it. `erasures.get` reports the end. */
    delete: (id: string): Promise<Erasure> => call('DELETE', idPath`/v1/projects/${id}`),
  };
}

/** The project that the key belongs to. */
export const projectOf = (call: Call) => ({
  get: (): Promise<Project> => call('GET', '/v1/project'),
  update: (changes: ProjectChanges): Promise<ChangedProject> =>
    call('PATCH', '/v1/project', { body: changes }),
});
