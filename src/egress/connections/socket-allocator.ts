import type { Connection } from './connection.ts';

export type SocketLimits = {
  /** Limit for connections of the process, in use and idle. */
  maxSockets: number;
  /** Limit for connections that one project has in use. */
  maxSocketsPerProject: number;
};

/** A pool whose requests wait for a socket although the pool is below its own limit. */
export type WaitingPool = { serveNext(): void };
/** A pool with an idle connection, which it closes when the socket is needed elsewhere. */
export type IdlePool = { evict(connection: Connection): void };

type Project = { id: string; inUse: number; waiting: Set<WaitingPool> };

/**
 * Divides the process's sockets between projects. A project may use as many sockets as are still free, so one project
 * whose receivers never respond leaves half of the sockets, and two such projects leave a third. Idle connections count
 * as free: the least recently used one is closed when its socket is needed. Waiting projects are served round-robin.
 */
export class SocketAllocator {
  readonly #limits: SocketLimits;
  readonly #projects = new Map<string, Project>();
  /** In round-robin order. */
  readonly #waiting = new Set<Project>();
  /** Least recently used first. */
  readonly #idle = new Map<Connection, IdlePool>();
  #inUse = 0;

  constructor(limits: SocketLimits) {
    this.#limits = limits;
  }

  hasCapacityFor(projectId: string): boolean {
    const inUse = this.#projects.get(projectId)?.inUse ?? 0;
    return inUse < Math.min(this.#limits.maxSocketsPerProject, this.#limits.maxSockets - this.#inUse);
  }

  /** Takes a socket: that of the idle connection, or a new one. Call it only if `hasCapacityFor` is true. */
  acquire(projectId: string, idle: Connection | undefined): void {
    this.#project(projectId).inUse++;
    this.#inUse++;
    if (idle) this.#idle.delete(idle);
    if (this.#inUse + this.#idle.size > this.#limits.maxSockets) this.#evictOldest();
  }

  /** Returns a socket. Call `serveWaiting` afterwards. */
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

  /** Adds a pool to the end of its project's queue. */
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

  /** Serves one request of each project in turn until no waiting project has capacity. */
  serveWaiting(): void {
    // A project that still waits moves to the end of the set, so this loop reaches it again.
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
