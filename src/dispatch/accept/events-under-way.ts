import type { EventDraft } from '../../store/events/event-draft.ts';
import { eventKey } from '../../store/events/event-key.ts';
import type { QueuedPost } from './post-queue.ts';

type UnderWay = { transactions: number; waiting: QueuedPost[] };

/**
 * The events that transactions of this process are storing which may take seconds. In Postgres, another post of such an
 * event would wait for the end of that transaction, and every post in its own transaction with it. Here it waits in memory.
 */
export class EventsUnderWay {
  readonly #events = new Map<string, UnderWay>();
  readonly #onEnd: (post: QueuedPost) => void;

  /** `onEnd` gets each post that has waited. */
  constructor(onEnd: (post: QueuedPost) => void) {
    this.#onEnd = onEnd;
  }

  /** Runs `work`, which stores these events in a transaction of its own. */
  async during<T>(drafts: EventDraft[], work: () => Promise<T>): Promise<T> {
    const keys = drafts.map(({ projectId, id }) => eventKey(projectId, id));
    for (const key of keys) {
      const underWay = this.#events.get(key);
      if (underWay) underWay.transactions += 1;
      else this.#events.set(key, { transactions: 1, waiting: [] });
    }
    try {
      return await work();
    } finally {
      for (const post of keys.flatMap((key) => this.#end(key))) this.#onEnd(post);
    }
  }

  /** Keeps the posts of events that are under way until these have ended. Returns the others. */
  keepWaiting(posts: QueuedPost[]): QueuedPost[] {
    if (this.#events.size === 0) return posts;
    return posts.filter((post) => {
      const underWay = this.#events.get(eventKey(post.draft.projectId, post.draft.id));
      underWay?.waiting.push(post);
      return !underWay;
    });
  }

  /** Returns the posts that waited for the event, unless another transaction is storing it, too. */
  #end(key: string): QueuedPost[] {
    const underWay = this.#events.get(key)!;
    underWay.transactions -= 1;
    if (underWay.transactions > 0) return [];
    this.#events.delete(key);
    return underWay.waiting;
  }
}
