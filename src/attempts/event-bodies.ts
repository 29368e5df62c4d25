import { FairBudget } from '../limits/fair-budget.ts';
import { eventKey } from '../store/events/event-key.ts';

/** An event whose body is too large to come with a claim. */
export type LargeEvent = { projectId: string; eventId: string; bodyBytes: number };

/** Reads large bodies, each once for all deliveries of its event that are under way. */
export type EventBodies = {
  /**
   * Runs `work` with the body, which stays in memory until it ends. Resolves with null, without running it, when there
   * is no room by `until` (performance.now()) or the event is gone; rejects when it cannot be read.
   */
  withBody<T>(
    event: LargeEvent,
    until: number,
    work: (body: Buffer) => Promise<T>,
  ): Promise<{ result: T } | null>;
};

type Held = { users: number; body: Promise<Buffer | null> };

/** Bytes of large bodies in memory, and bodies that are read at once; shared fairly by projects. */
const HELD_BYTES = 64 * 1024 * 1024;
const READS_AT_ONCE = 3;

export function createEventBodies(
  read: (projectId: string, eventId: string) => Promise<Buffer | null>,
): EventBodies {
  const bytes = new FairBudget(HELD_BYTES);
  const reads = new FairBudget(READS_AT_ONCE);
  const held = new Map<string, Held>();

  /** Holds `bodyBytes` of the budget if and only if it resolves with a body. */
  async function load({ projectId, eventId, bodyBytes }: LargeEvent, until: number): Promise<Buffer | null> {
    if ((await bytes.acquire(projectId, { max: bodyBytes, min: bodyBytes, until })) === 0) return null;
    let body: Buffer | null = null;
    try {
      if ((await reads.acquire(projectId, { max: 1, until })) > 0) {
        body = await read(projectId, eventId).finally(() => reads.release(projectId, 1));
      }
      return body;
    } finally {
      if (!body) bytes.release(projectId, bodyBytes);
    }
  }

  async function leave(key: string, entry: Held, { projectId, bodyBytes }: LargeEvent): Promise<void> {
    entry.users -= 1;
    if (entry.users > 0) return;
    held.delete(key);
    const body = await entry.body.catch(() => null);
    if (body) bytes.release(projectId, bodyBytes);
  }

  return {
    async withBody(event, until, work) {
      const key = eventKey(event.projectId, event.eventId);
      const entry = held.get(key) ?? { users: 0, body: load(event, until) };
      held.set(key, entry);
      entry.users += 1;
      try {
        const body = await entry.body;
        return body ? { result: await work(body) } : null;
      } finally {
        await leave(key, entry, event);
      }
    },
  };
}
