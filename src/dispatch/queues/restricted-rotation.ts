import {
  type RestrictedReceiver,
  restrictedProjectsWaiting,
  restrictedReceiversWaiting,
} from '../../store/deliveries/assignments/restricted-receivers.ts';
import type { Queryable } from '../../store/postgres/database.ts';

/** With thousands of restricted receivers, visiting all of them in one read would take seconds. */
const RECEIVERS_PER_PAGE = 1_000;
const PROJECTS_PER_PAGE = 200;

/** Visits all restricted receivers with unassigned deliveries. A page has as many of one project as of another. */
export type RestrictedRotation = {
  /** Returns the next page. `isAll`: nothing else waits. */
  next(): Promise<{ receivers: RestrictedReceiver[]; isAll: boolean }>;
  /** The next page of their projects begins with these receivers of the last page, which could not have their turn. */
  returnTo(receivers: RestrictedReceiver[]): void;
};

export function createRestrictedRotation(
  db: Queryable,
  receiversPerPage = RECEIVERS_PER_PAGE,
  projectsPerPage = PROJECTS_PER_PAGE,
): RestrictedRotation {
  let lastProject = '';
  /** For projects that have more receivers: the one that was visited last. */
  const lastReceivers = new Map<string, string>();
  const seen = new Set<string>();
  let page: RestrictedReceiver[] = [];
  let startedAfter = new Map<string, string>();

  /** Returns the next projects, and whether these are all. */
  async function nextProjects(): Promise<{ projects: string[]; isAll: boolean }> {
    const isFirst = lastProject === '';
    const projects = await restrictedProjectsWaiting(db, lastProject, projectsPerPage);
    const isLast = projects.length < projectsPerPage;
    lastProject = isLast ? '' : projects.at(-1)!;
    for (const project of projects) seen.add(project);
    if (isLast) {
      for (const known of lastReceivers.keys()) if (!seen.has(known)) lastReceivers.delete(known);
      seen.clear();
    }
    return { projects, isAll: isFirst && isLast };
  }

  return {
    async next() {
      const { projects, isAll } = await nextProjects();
      startedAfter = new Map(projects.map((projectId) => [projectId, lastReceivers.get(projectId) ?? '']));
      const perProject = Math.max(1, Math.floor(receiversPerPage / Math.max(1, projects.length)));
      const positions = [...startedAfter].map(([projectId, after]) => ({ projectId, after }));
      page = projects.length > 0 ? await restrictedReceiversWaiting(db, positions, perProject) : [];
      const visited = Map.groupBy(page, ({ projectId }) => projectId);
      const hasMore = positions.filter(({ projectId, after }) => {
        const receivers = visited.get(projectId) ?? [];
        const isEnd = receivers.length < perProject;
        if (isEnd) lastReceivers.delete(projectId);
        else lastReceivers.set(projectId, receivers.at(-1)!.receiver);
        return !isEnd || after !== '';
      });
      return { receivers: page, isAll: isAll && hasMore.length === 0 };
    },
    returnTo(receivers) {
      for (const [projectId, [first]] of Map.groupBy(receivers, (one) => one.projectId)) {
        const ofProject = page.filter((one) => one.projectId === projectId);
        const index = ofProject.findIndex(({ receiver }) => receiver === first!.receiver);
        lastReceivers.set(projectId, ofProject[index - 1]?.receiver ?? startedAfter.get(projectId) ?? '');
      }
    },
  };
}
