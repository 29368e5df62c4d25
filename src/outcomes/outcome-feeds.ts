import type { Notifications } from '../store/outcomes/notifications.ts';
import { type OutcomeRow, outcomesOfProjects, type StreamPosition } from '../store/outcomes/outcomes.ts';
import { isOutage, type Queryable } from '../store/postgres/database.ts';
import { Subscription } from './subscription.ts';

/** Upper bound of the delay if a notification is lost. */
const POLL_INTERVAL_MS = 1_000;
const ROWS_PER_PROJECT = 200;
/** Together with the row limit per project, one statement reads at most 10,000 rows. */
const PROJECTS_PER_READ = 50;
/** An outcome may stay invisible while an older transaction is still running, so the feed polls again after this time. */
const POLLS_AFTER_NOTIFICATION = 10;
const REPOLL_MS = 25;

type Feed = { position: StreamPosition; pollsLeft: number; subscriptions: Set<Subscription> };

export type OutcomeFeeds = {
  /**
   * Subscribes to the outcomes after `position`. If the feed has already read further, up to `feedPosition`, the subscriber
   * must read the outcomes in between itself.
   */
  subscribe(
    projectId: string,
    isWanted: (outcome: OutcomeRow) => boolean,
    position: StreamPosition,
  ): Subscription;
  close(): void;
};

/** Reads outcomes once for all streams of a project, and for all projects in one statement, so that 1,000 streams cost as much as one. */
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
  // In the order of reading: a project that has more rows moves to the end.
  const due = new Set<string>();
  let reading = false;
  let repollTimer: NodeJS.Timeout | undefined;

  const stopListening = notifications.listen('posthorn_outcomes', (projectIds) => {
    for (const projectId of projectIds) {
      const feed = feeds.get(projectId);
      if (!feed) continue;
      feed.pollsLeft = POLLS_AFTER_NOTIFICATION;
      due.add(projectId);
    }
    void read();
  });
  const timer = setInterval(() => {
    for (const projectId of feeds.keys()) due.add(projectId);
    void read();
  }, POLL_INTERVAL_MS);

  async function read(): Promise<void> {
    if (reading) return;
    reading = true;
    try {
      while (due.size > 0) await readBatch();
    } catch (error) {
      // No position has changed, so the next poll reads the same rows.
      if (!isOutage(error)) onFailure(error);
    } finally {
      reading = false;
    }
    const waiting = [...feeds].filter(([, { pollsLeft }]) => pollsLeft > 0);
    if (waiting.length === 0 || repollTimer) return;
    repollTimer = setTimeout(() => {
      repollTimer = undefined;
      for (const [projectId, feed] of waiting) {
        feed.pollsLeft -= 1;
        due.add(projectId);
      }
      void read();
    }, REPOLL_MS);
  }

  async function readBatch(): Promise<void> {
    const requested = new Map<string, Feed>();
    for (const projectId of due) {
      if (requested.size === PROJECTS_PER_READ) break;
      due.delete(projectId);
      const feed = feeds.get(projectId);
      if (feed) requested.set(projectId, feed);
    }
    if (requested.size === 0) return;
    const positions = new Map([...requested].map(([projectId, { position }]) => [projectId, position]));
    for (const [projectId, { outcomes, next }] of await outcomesOfProjects(db, positions, ROWS_PER_PROJECT)) {
      const feed = requested.get(projectId)!;
      // The feed ended while it was read, and a new one of the project may be due.
      if (feeds.get(projectId) !== feed) continue;
      feed.position = next;
      for (const subscription of feed.subscriptions) subscription.offer(outcomes, next);
      if (outcomes.length > 0) feed.pollsLeft = POLLS_AFTER_NOTIFICATION;
      if (outcomes.length === ROWS_PER_PROJECT) due.add(projectId);
    }
  }

  function unsubscribe(projectId: string, feed: Feed, subscription: Subscription): void {
    feed.subscriptions.delete(subscription);
    if (feed.subscriptions.size === 0 && feeds.get(projectId) === feed) feeds.delete(projectId);
  }

  return {
    subscribe(projectId, isWanted, position) {
      const feed: Feed = feeds.get(projectId) ?? { position, pollsLeft: 0, subscriptions: new Set() };
      feeds.set(projectId, feed);
      const subscription: Subscription = new Subscription(
        { isWanted, start: position, feedPosition: feed.position },
        () => unsubscribe(projectId, feed, subscription),
      );
      feed.subscriptions.add(subscription);
      due.add(projectId);
      void read();
      return subscription;
    },
    close() {
      clearInterval(timer);
      clearTimeout(repollTimer);
      stopListening();
      for (const { subscriptions } of feeds.values())
        for (const subscription of subscriptions) subscription.end();
    },
  };
}
