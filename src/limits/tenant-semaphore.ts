/** Who waits for a turn: projects are served in turn, and within a project its consumers and itself. */
export type Caller = { projectId: string; consumer: string | null };

export type TenantSemaphoreOptions = {
  /** Turns that may be taken at once. */
  maxConcurrent: number;
  /** Of these by one project, so that there is room for another one; and by one consumer, or by the project itself. */
  maxPerProject: number;
  maxPerCaller: number;
  /** Callers of one party that may wait. */
  maxWaitingPerCaller: number;
};

/** The party has as many callers waiting as it may. */
export class TooManyWaiting extends Error {
  constructor() {
    super('too many calls of one tenant wait');
  }
}

export type TenantSemaphore = {
  /** Resolves when it is the party's turn, with how to end it; rejects with TooManyWaiting. */
  acquire(party: Caller): Promise<() => void>;
};

type CallerQueue = { running: number; waiting: (() => void)[] };
type ProjectQueue = { running: number; callers: Map<string, CallerQueue> };

/** A semaphore whose waiters are served round robin over projects, and over the parties of each. */
export function createTenantSemaphore(options: TenantSemaphoreOptions): TenantSemaphore {
  const { maxConcurrent, maxPerProject, maxPerCaller, maxWaitingPerCaller } = options;
  // The order of both maps is the order of turns: whoever is served goes to the end.
  const projects = new Map<string, ProjectQueue>();
  let running = 0;

  function serve(): void {
    while (running < maxConcurrent && serveNext());
  }

  function serveNext(): boolean {
    for (const [projectId, project] of projects) {
      if (project.running >= maxPerProject) continue;
      for (const [name, party] of project.callers) {
        if (party.running >= maxPerCaller || party.waiting.length === 0) continue;
        const start = party.waiting.shift()!;
        toTheEnd(projects, projectId, project);
        toTheEnd(project.callers, name, party);
        running += 1;
        project.running += 1;
        party.running += 1;
        start();
        return true;
      }
    }
    return false;
  }

  function end(projectId: string, project: ProjectQueue, name: string, party: CallerQueue): void {
    running -= 1;
    project.running -= 1;
    party.running -= 1;
    if (party.running === 0 && party.waiting.length === 0) project.callers.delete(name);
    if (project.callers.size === 0) projects.delete(projectId);
    serve();
  }

  return {
    acquire({ projectId, consumer }) {
      const project = projects.get(projectId) ?? { running: 0, callers: new Map<string, CallerQueue>() };
      const name = consumer === null ? '' : `c/${consumer}`;
      const party = project.callers.get(name) ?? { running: 0, waiting: [] };
      if (party.waiting.length >= maxWaitingPerCaller) return Promise.reject(new TooManyWaiting());
      projects.set(projectId, project);
      project.callers.set(name, party);
      return new Promise((resolve) => {
        let ended = false;
        party.waiting.push(() =>
          resolve(() => {
            if (ended) return;
            ended = true;
            end(projectId, project, name, party);
          }),
        );
        serve();
      });
    },
  };
}

function toTheEnd<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key);
  map.set(key, value);
}
