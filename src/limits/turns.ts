/** Items of projects that take turns. The items of one project are served in the order of `add`. */
export class Turns<T> {
  readonly #projects = new Map<string, Set<T>>();

  add(projectId: string, item: T): void {
    const items = this.#projects.get(projectId);
    if (items) items.add(item);
    else this.#projects.set(projectId, new Set([item]));
  }

  delete(projectId: string, item: T): void {
    const items = this.#projects.get(projectId);
    if (items?.delete(item) && items.size === 0) this.#projects.delete(projectId);
  }

  /** Returns the first item that is ready of the first project that may have one. The project moves to the end. */
  next(mayHave: (projectId: string) => boolean, isReady: (item: T) => boolean): T | null {
    for (const [projectId, items] of this.#projects) {
      if (!mayHave(projectId)) continue;
      for (const item of items) {
        if (!isReady(item)) continue;
        this.#projects.delete(projectId);
        this.#projects.set(projectId, items);
        return item;
      }
    }
    return null;
  }
}
