type Entry<T> = { value: Promise<T>; expiresAt: number; loaded?: { value: T } };

/** Beyond this the oldest entries go: keys of callers that are long gone. */
const MAX_ENTRIES = 10_000;

/**
 * Remembers what was loaded for `ttlMs`, counted from before the load began, so that what it says is never older.
 * Callers that ask for one key at the same time share one load; a load that fails is not remembered.
 */
export class TtlCache<T> {
  readonly #entries = new Map<string, Entry<T>>();
  readonly #ttlMs: number;
  readonly #now: () => number;

  constructor(ttlMs: number, now: () => number = () => performance.now()) {
    this.#ttlMs = ttlMs;
    this.#now = now;
  }

  getOrLoad(key: string, load: () => Promise<T>): Promise<T> {
    const now = this.#now();
    const known = this.#entries.get(key);
    if (known && known.expiresAt > now) return known.value;
    const entry: Entry<T> = { value: load(), expiresAt: now + this.#ttlMs };
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    if (this.#entries.size > MAX_ENTRIES) this.#entries.delete(this.#entries.keys().next().value!);
    entry.value.then(
      (value) => (entry.loaded = { value }),
      () => this.#forgetEntry(key, entry),
    );
    return entry.value;
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }

  /** Forgets what fits, and what is being loaded now: that may be older than what happened since. */
  deleteWhere(fits: (value: T) => boolean): void {
    for (const [key, { loaded }] of this.#entries)
      if (!loaded || fits(loaded.value)) this.#entries.delete(key);
  }

  #forgetEntry(key: string, entry: Entry<T>): void {
    if (this.#entries.get(key) === entry) this.#entries.delete(key);
  }
}
