/** Work that was started and that nobody awaits, such as what must end before a process does. */
export class PendingWork {
  readonly #running = new Set<Promise<void>>();

  /** `work` does not reject. */
  add(work: Promise<void>): void {
    const tracked = work.finally(() => this.#running.delete(tracked));
    this.#running.add(tracked);
  }

  /** Resolves when no work is left, including what is added meanwhile. */
  async whenIdle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }
}
