/*
 * For slots that callers wait for, such as database connections. Differs from FairBudget: fixed limits per project and
 * per caller, one slot at a time, and a bounded queue instead of a deadline.
 */

/** A project, if `consumer` is null, or one of its consumers. */
export type Caller = { projectId: string; consumer: string | null };

export type TenantSemaphoreOptions = {
  /** Slots in total. */
  maxConcurrent: number;
  /** Slots that one project may hold, its consumers included. */
  maxPerProject: number;
  /** Slots that one caller may hold. */
  maxPerCaller: number;
  /** Requests of one caller that may wait; the next one is rejected. */
  maxWaitingPerCaller: number;
};

/** The caller has `maxWaitingPerCaller` requests waiting already. */
export class TooManyWaiting extends Error {
  constructor() {
    super('too many calls of one tenant are waiting');
  }
}

export type TenantSemaphore = {
  /** Resolves with a function that releases the slot, which is idempotent. Rejects with TooManyWaiting. */
  acquire(caller: Caller): Promise<() => void>;
};

type CallerQueue = { running: number; waiting: (() => void)[] };
type ProjectQueue = { running: number; callers: Map<string, CallerQueue> };

/** Serves waiting projects round robin, and within a project its callers round robin. */
export function createTenantSemaphore(options: TenantSemaphoreOptions): TenantSemaphore {
  const { maxConcurrent, maxPerProject, maxPerCaller, maxWaitingPerCaller } = options;
  // Both maps are in the order of service: a project or caller that was served moves to the end.
  const projects = new Map<string, ProjectQueue>();
  let running = 0;

  function serve(): void {
    while (running < maxConcurrent && serveNext());
  }

  function serveNext(): boolean {
    for (const [projectId, project] of projects) {
      if (project.running >= maxPerProject) continue;
      for (const [name, caller] of project.callers) {
        if (caller.running >= maxPerCaller || caller.waiting.length === 0) continue;
        const start = caller.waiting.shift()!;
        moveToEnd(projects, projectId, project);
        moveToEnd(project.callers, name, caller);
        running += 1;
        project.running += 1;
        caller.running += 1;
        start();
        return true;
      }
    }
    return false;
  }

  function release(projectId: string, project: ProjectQueue, name: string, caller: CallerQueue): void {
    running -= 1;
    project.running -= 1;
    caller.running -= 1;
    if (caller.running === 0 && caller.waiting.length === 0) project.callers.delete(name);
    if (project.callers.size === 0) projects.delete(projectId);
    serve();
  }

  return {
    acquire({ projectId, consumer }) {
      const project = projects.get(projectId) ?? { running: 0, callers: new Map<string, CallerQueue>() };
      const name = consumer === null ? '' : `c/${consumer}`;
      const caller = project.callers.get(name) ?? { running: 0, waiting: [] };
      if (caller.waiting.length >= maxWaitingPerCaller) return Promise.reject(new TooManyWaiting());
      projects.set(projectId, project);
      project.callers.set(name, caller);
      return new Promise((resolve) => {
        let released = false;
        caller.waiting.push(() =>
          resolve(() => {
            if (released) return;
            released = true;
            release(projectId, project, name, caller);
          }),
        );
        serve();
      });
    },
  };
}

function moveToEnd<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key);
  map.set(key, value);
}
