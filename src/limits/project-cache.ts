import { LRUCache } from 'lru-cache';

export type ProjectCacheLimits = { maxBytes: number; maxBytesOfProject: number };

type Entry<V> = { value: V; projectId: string; bytes: number };
/** `keys`: in the order of their last use. */
type Share = { bytes: number; keys: Set<string> };

/** Values in memory. Those used least recently are dropped: of a project that exceeds its share, and of all projects. */
export class ProjectCache<V> {
  readonly #limits: ProjectCacheLimits;
  readonly #bytesOf: (value: V) => number;
  readonly #entries: LRUCache<string, Entry<V>>;
  readonly #shares = new Map<string, Share>();

  constructor(limits: ProjectCacheLimits, bytesOf: (value: V) => number) {
    this.#limits = limits;
    this.#bytesOf = bytesOf;
    this.#entries = new LRUCache<string, Entry<V>>({
      maxSize: limits.maxBytes,
      sizeCalculation: ({ bytes }) => bytes,
      dispose: (entry, key) => this.#leave(entry, key),
    });
  }

  get(key: string): V | undefined {
    const entry = this.#entries.get(key);
    if (!entry) return undefined;
    const { keys } = this.#shares.get(entry.projectId)!;
    keys.delete(key);
    keys.add(key);
    return entry.value;
  }

  /** Keeps the value, unless it alone exceeds the share of its project. */
  set(projectId: string, key: string, value: V): void {
    this.#entries.delete(key);
    const bytes = this.#bytesOf(value);
    if (bytes > this.#limits.maxBytesOfProject) return;
    const share = this.#shares.get(projectId) ?? { bytes: 0, keys: new Set() };
    this.#shares.set(projectId, share);
    share.bytes += bytes;
    share.keys.add(key);
    this.#entries.set(key, { value, projectId, bytes });
    for (const oldest of share.keys) {
      if (share.bytes <= this.#limits.maxBytesOfProject) break;
      this.#entries.delete(oldest);
    }
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }

  /** How many values are kept, of one project or of all. */
  size(projectId?: string): number {
    return projectId === undefined ? this.#entries.size : (this.#shares.get(projectId)?.keys.size ?? 0);
  }

  #leave({ projectId, bytes }: Entry<V>, key: string): void {
    const share = this.#shares.get(projectId);
    if (!share) return;
    share.bytes -= bytes;
    share.keys.delete(key);
    if (share.keys.size === 0) this.#shares.delete(projectId);
  }
}
