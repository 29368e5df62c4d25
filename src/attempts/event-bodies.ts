import { FairBudget } from '../limits/fair-budget.ts';
import { eventKey } from '../store/events/event-key.ts';

/** An event whose body is too large to be read by the claim. */
export type LargeEvent = { projectId: string; eventId: string; bodyBytes: number };

/** Reads each large body once for all deliveries of its event that are in flight. */
export type EventBodies = {
  /**
   * Runs `work` with the body, which stays in memory until `work` ends. Resolves with null, without running it, if there
   * is no memory by `until` (performance.now()) or the event no longer exists. Rejects if the body cannot be read.
   */
  withBody<T>(
    event: LargeEvent,
    until: number,
    work: (body: Buffer) => Promise<T>,
  ): Promise<{ result: T } | null>;
};

type LoadedBody = { users: number; body: Promise<Buffer | null> };

/** Large bodies in memory, in bytes. Projects share this and the reads fairly. */
const MAX_BODY_BYTES = 64 * 1024 * 1024;
const MAX_CONCURRENT_READS = 3;

export function createEventBodies(
  read: (projectId: string, eventId: string) => Promise<Buffer | null>,
): EventBodies {
  const bytes = new FairBudget(MAX_BODY_BYTES);
  const reads = new FairBudget(MAX_CONCURRENT_READS);
  const loaded = new Map<string, LoadedBody>();

  /** Takes `bodyBytes` from the budget if, and only if, it resolves with a body. */
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

  async function releaseBody(
    key: string,
    entry: LoadedBody,
    { projectId, bodyBytes }: LargeEvent,
  ): Promise<void> {
    entry.users -= 1;
    if (entry.users > 0) return;
    loaded.delete(key);
    const body = await entry.body.catch(() => null);
    if (body) bytes.release(projectId, bodyBytes);
  }

  return {
    async withBody(event, until, work) {
      const key = eventKey(event.projectId, event.eventId);
      const entry = loaded.get(key) ?? { users: 0, body: load(event, until) };
      loaded.set(key, entry);
      entry.users += 1;
      try {
        const body = await entry.body;
        return body ? { result: await work(body) } : null;
      } finally {
        await releaseBody(key, entry, event);
      }
    },
  };
}
