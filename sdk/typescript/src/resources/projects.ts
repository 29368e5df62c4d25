import type { Call } from '../call.ts';
import type { ChangedProject, CreatedProject, NewProject, Project, ProjectChanges } from '../models.ts';
import { idPath } from '../path.ts';

/** Needs the admin key. */
export const projectsOf = (call: Call) => ({
  /** The response contains the project's key. No later response does. */
  create: (project: NewProject): Promise<CreatedProject> => call('POST', '/v1/projects', { body: project }),
  get: (id: string): Promise<Project> => call('GET', idPath`/v1/projects/${id}`),
  update: (id: string, changes: ProjectChanges): Promise<ChangedProject> =>
    call('PATCH', idPath`/v1/projects/${id}`, { body: changes }),
});

/** The project that the key belongs to. */
export const projectOf = (call: Call) => ({
  get: (): Promise<Project> => call('GET', '/v1/project'),
  update: (changes: ProjectChanges): Promise<ChangedProject> =>
    call('PATCH', '/v1/project', { body: changes }),
});
