/**
 * Returns a function that writes an item and resolves when it is committed. One write is under way at a time; items that
 * arrive meanwhile go into the next one. A failed write rejects for all of its items.
 */
export function groupWrites<T>(write: (items: T[]) => Promise<void>): (item: T) => Promise<void> {
  let waiting: { item: T; committed(): void; failed(error: unknown): void }[] = [];
  let isWriting = false;

  async function writeAll(): Promise<void> {
    while (waiting.length > 0) {
      const group = waiting;
      waiting = [];
      try {
        await write(group.map(({ item }) => item));
        for (const { committed } of group) committed();
      } catch (error) {
        for (const { failed } of group) failed(error);
      }
    }
    isWriting = false;
  }

  return (item) =>
    new Promise((committed, failed) => {
      waiting.push({ item, committed, failed });
      if (isWriting) return;
      isWriting = true;
      setImmediate(() => void writeAll()); // after the other sockets that are readable now
    });
}
