type Entry<T> = { value: Promise<T>; expiresAt: number };

/** Beyond this the oldest entries go: keys of callers that are long gone. */
const MAX_ENTRIES = 10_000;

/**
 * Remembers what was loaded for `ttlMs`, counted from before the load began, so that what it says is never older.
 * Callers that ask for one key at the same time share one load; a load that fails is not remembered.
 */
export class ShortMemory<T> {
  readonly #entries = new Map<string, Entry<T>>();
  readonly #ttlMs: number;
  readonly #now: () => number;

  constructor(ttlMs: number, now: () => number = () => performance.now()) {
    this.#ttlMs = ttlMs;
    this.#now = now;
  }

  get(key: string, load: () => Promise<T>): Promise<T> {
    const now = this.#now();
    const known = this.#entries.get(key);
    if (known && known.expiresAt > now) return known.value;
    const entry: Entry<T> = { value: load(), expiresAt: now + this.#ttlMs };
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    if (this.#entries.size > MAX_ENTRIES) this.#entries.delete(this.#entries.keys().next().value!);
    entry.value.catch(() => this.#forgetEntry(key, entry));
    return entry.value;
  }

  /** True when the key was loaded before and not forgotten since, however long ago. */
  knows(key: string): boolean {
    return this.#entries.has(key);
  }

  forget(key: string): void {
    this.#entries.delete(key);
  }

  clear(): void {
    this.#entries.clear();
  }

  #forgetEntry(key: string, entry: Entry<T>): void {
    if (this.#entries.get(key) === entry) this.#entries.delete(key);
  }
}
