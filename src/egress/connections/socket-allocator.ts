import type { Connection } from './connection.ts';

export type SocketLimits = {
  /** Connections of the process, in use and idle. */
  maxSockets: number;
  /** Connections that one project may have in use. */
  maxSocketsPerProject: number;
};

/** A pool whose requests wait although it is below its own limit: it gets its turn from the shares. */
export type WaitingPool = { serveNext(): void };
/** A pool that keeps an idle connection, and closes it when its place is needed elsewhere. */
export type IdlePool = { evict(connection: Connection): void };

type Project = { id: string; inUse: number; waiting: Set<WaitingPool> };

/**
 * Divides the process's sockets between projects. A project may have as many in use as are still free, so that one
 * that fills its share with receivers that never answer leaves half of them, and two leave a third. Idle connections
 * count as free: the least recently used is closed when its place is needed. Projects that wait are served in turns.
 */
export class SocketAllocator {
  readonly #limits: SocketLimits;
  readonly #projects = new Map<string, Project>();
  /** In the order of their turns. */
  readonly #waiting = new Set<Project>();
  /** In the order in which they came to rest. */
  readonly #idle = new Map<Connection, IdlePool>();
  #inUse = 0;

  constructor(limits: SocketLimits) {
    this.#limits = limits;
  }

  hasCapacityFor(projectId: string): boolean {
    const inUse = this.#projects.get(projectId)?.inUse ?? 0;
    return inUse < Math.min(this.#limits.maxSocketsPerProject, this.#limits.maxSockets - this.#inUse);
  }

  /** Takes a place that there is room for: that of the idle connection, or one for a new connection. */
  acquire(projectId: string, idle: Connection | undefined): void {
    this.#project(projectId).inUse++;
    this.#inUse++;
    if (idle) this.#idle.delete(idle);
    if (this.#inUse + this.#idle.size > this.#limits.maxSockets) this.#evictOldest();
  }

  /** Gives a place back; what waits is served by `serve`. */
  release(projectId: string): void {
    const project = this.#project(projectId);
    project.inUse--;
    this.#inUse--;
    this.#dropIfUnused(project);
  }

  addIdle(connection: Connection, pool: IdlePool): void {
    this.#idle.set(connection, pool);
  }

  removeIdle(connection: Connection): void {
    this.#idle.delete(connection);
  }

  /** Puts a pool at the end of its project's queue. */
  enqueue(projectId: string, pool: WaitingPool): void {
    const project = this.#project(projectId);
    project.waiting.add(pool);
    this.#waiting.add(project);
  }

  dequeue(projectId: string, pool: WaitingPool): void {
    const project = this.#projects.get(projectId);
    if (!project?.waiting.delete(pool) || project.waiting.size > 0) return;
    this.#waiting.delete(project);
    this.#dropIfUnused(project);
  }

  /** Serves one request of each project that has room, again and again until none has. */
  serveWaiting(): void {
    // A project that still waits after its turn goes to the end, and this loop comes to it again.
    for (const project of this.#waiting) {
      if (!this.hasCapacityFor(project.id)) continue;
      const [pool] = project.waiting;
      this.#waiting.delete(project);
      project.waiting.delete(pool!);
      if (project.waiting.size > 0) this.#waiting.add(project);
      pool!.serveNext();
      this.#dropIfUnused(project);
    }
  }

  #project(id: string): Project {
    const known = this.#projects.get(id);
    if (known) return known;
    const project: Project = { id, inUse: 0, waiting: new Set() };
    this.#projects.set(id, project);
    return project;
  }

  #dropIfUnused(project: Project): void {
    if (project.inUse === 0 && project.waiting.size === 0) this.#projects.delete(project.id);
  }

  #evictOldest(): void {
    const [oldest] = this.#idle;
    if (!oldest) return;
    const [connection, pool] = oldest;
    this.#idle.delete(connection);
    pool.evict(connection);
  }
}
