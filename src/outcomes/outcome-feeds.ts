import type { Notifications } from '../store/outcomes/notifications.ts';
import { outcomesOfProjects, type StreamPosition } from '../store/outcomes/outcomes.ts';
import { isOutage, type Queryable } from '../store/postgres/database.ts';
import { Subscription } from './subscription.ts';

/** A lost wake-up costs at most this. */
const LOOK_EVERY_MS = 1_000;
const ROWS_OF_PROJECT = 200;
/** With as many rows of each, one statement reads 10,000 at most. */
const PROJECTS_PER_READ = 50;
/** News may be invisible for a moment, behind an older transaction that still runs: look this often again. */
const LOOKS_AFTER_A_WAKE_UP = 10;
const LOOK_AGAIN_MS = 25;

type Feed = { place: StreamPosition; looksLeft: number; subscriptions: Set<Subscription> };

export type OutcomeFeeds = {
  /**
   * What follows `place` in the project. The feed may have read further already, up to `from`: what lies between is for the
   * subscriber to read.
   */
  subscribe(projectId: string, consumer: string | null, place: StreamPosition): Subscription;
  close(): void;
};

/** Reads outcomes once for all streams of a project, and of all projects in one statement: a thousand streams cost no more than one. */
export function createOutcomeFeeds({
  db,
  notifications,
  onFailure,
}: {
  db: Queryable;
  notifications: Notifications;
  onFailure: (error: unknown) => void;
}): OutcomeFeeds {
  const feeds = new Map<string, Feed>();
  // In the order in which they are read: a project that has more to read goes to the end.
  const due = new Set<string>();
  let reading = false;
  let lookAgain: NodeJS.Timeout | undefined;

  const stopListening = notifications.listen('posthorn_outcomes', (projectIds) => {
    for (const projectId of projectIds) {
      const feed = feeds.get(projectId);
      if (!feed) continue;
      feed.looksLeft = LOOKS_AFTER_A_WAKE_UP;
      due.add(projectId);
    }
    void read();
  });
  const timer = setInterval(() => {
    for (const projectId of feeds.keys()) due.add(projectId);
    void read();
  }, LOOK_EVERY_MS);

  async function read(): Promise<void> {
    if (reading) return;
    reading = true;
    try {
      while (due.size > 0) await readSome();
    } catch (error) {
      // The next look goes on from the same places; each feed is still where it was.
      if (!isOutage(error)) onFailure(error);
    } finally {
      reading = false;
    }
    const waiting = [...feeds].filter(([, { looksLeft }]) => looksLeft > 0);
    if (waiting.length === 0 || lookAgain) return;
    lookAgain = setTimeout(() => {
      lookAgain = undefined;
      for (const [projectId, feed] of waiting) {
        feed.looksLeft -= 1;
        due.add(projectId);
      }
      void read();
    }, LOOK_AGAIN_MS);
  }

  async function readSome(): Promise<void> {
    const asked = new Map<string, Feed>();
    for (const projectId of due) {
      if (asked.size === PROJECTS_PER_READ) break;
      due.delete(projectId);
      const feed = feeds.get(projectId);
      if (feed) asked.set(projectId, feed);
    }
    if (asked.size === 0) return;
    const places = new Map([...asked].map(([projectId, { place }]) => [projectId, place]));
    for (const [projectId, { outcomes, next }] of await outcomesOfProjects(db, places, ROWS_OF_PROJECT)) {
      const feed = asked.get(projectId)!;
      // It ended, and another one may have begun elsewhere meanwhile, which is due.
      if (feeds.get(projectId) !== feed) continue;
      feed.place = next;
      for (const subscription of feed.subscriptions) subscription.offer(outcomes, next);
      if (outcomes.length > 0) feed.looksLeft = LOOKS_AFTER_A_WAKE_UP;
      if (outcomes.length === ROWS_OF_PROJECT) due.add(projectId);
    }
  }

  function leave(projectId: string, feed: Feed, subscription: Subscription): void {
    feed.subscriptions.delete(subscription);
    if (feed.subscriptions.size === 0 && feeds.get(projectId) === feed) feeds.delete(projectId);
  }

  return {
    subscribe(projectId, consumer, place) {
      const feed: Feed = feeds.get(projectId) ?? { place, looksLeft: 0, subscriptions: new Set() };
      feeds.set(projectId, feed);
      const subscription: Subscription = new Subscription(
        { consumer, start: place, feedPosition: feed.place },
        () => leave(projectId, feed, subscription),
      );
      feed.subscriptions.add(subscription);
      due.add(projectId);
      void read();
      return subscription;
    },
    close() {
      clearInterval(timer);
      clearTimeout(lookAgain);
      stopListening();
      for (const { subscriptions } of feeds.values()) for (const one of subscriptions) one.end();
    },
  };
}
