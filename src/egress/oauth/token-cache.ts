import { LRUCache } from 'lru-cache';

/** Times are of performance.now(). */
export type CachedToken = {
  /** Of the credentials that it was requested with. */
  version: string;
  token: string;
  usableUntil: number;
  /** When it replaced a token that the receiver had refused; null: it did not. */
  renewedAt: number | null;
};

export type TokenCacheLimits = { maxBytes: number; maxBytesOfProject: number };

const DEFAULT_LIMITS: TokenCacheLimits = {
  maxBytes: 32 * 1024 * 1024,
  maxBytesOfProject: 4 * 1024 * 1024,
};
/** The entry itself and its keys. */
const BYTES_OF_AN_ENTRY = 500;

type Entry = CachedToken & { projectId: string; bytes: number };
/** `endpoints`: in the order of their last use. */
type Share = { bytes: number; endpoints: Set<string> };

/** The tokens of endpoints, one for each. Those used least recently are dropped: of a project, and of all. */
export class TokenCache {
  readonly #limits: TokenCacheLimits;
  readonly #entries: LRUCache<string, Entry>;
  readonly #shares = new Map<string, Share>();

  constructor(limits: TokenCacheLimits = DEFAULT_LIMITS) {
    this.#limits = limits;
    this.#entries = new LRUCache<string, Entry>({
      maxSize: limits.maxBytes,
      sizeCalculation: ({ bytes }) => bytes,
      dispose: (entry, endpointId) => this.#leave(entry, endpointId),
    });
  }

  get(endpointId: string): CachedToken | undefined {
    const entry = this.#entries.get(endpointId);
    if (!entry) return undefined;
    const { endpoints } = this.#shares.get(entry.projectId)!;
    endpoints.delete(endpointId);
    endpoints.add(endpointId);
    return entry;
  }

  set(projectId: string, endpointId: string, cached: CachedToken): void {
    this.#entries.delete(endpointId);
    const bytes = BYTES_OF_AN_ENTRY + cached.token.length + cached.version.length;
    const share = this.#shares.get(projectId) ?? { bytes: 0, endpoints: new Set() };
    this.#shares.set(projectId, share);
    share.bytes += bytes;
    share.endpoints.add(endpointId);
    this.#entries.set(endpointId, { ...cached, projectId, bytes });
    for (const oldest of share.endpoints) {
      if (share.bytes <= this.#limits.maxBytesOfProject) break;
      this.#entries.delete(oldest);
    }
  }

  delete(endpointId: string): void {
    this.#entries.delete(endpointId);
  }

  /** How many tokens are kept, of one project or of all. */
  size(projectId?: string): number {
    return projectId === undefined ? this.#entries.size : (this.#shares.get(projectId)?.endpoints.size ?? 0);
  }

  #leave({ projectId, bytes }: Entry, endpointId: string): void {
    const share = this.#shares.get(projectId);
    if (!share) return;
    share.bytes -= bytes;
    share.endpoints.delete(endpointId);
    if (share.endpoints.size === 0) this.#shares.delete(projectId);
  }
}
