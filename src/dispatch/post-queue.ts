import type { AcceptResult, EventDraft } from '../store/events/event-draft.ts';
import { eventKey } from '../store/events/event-key.ts';

export type QueuedPost = {
  draft: EventDraft;
  /** On the clock of performance.now(). */
  queuedAt: number;
  resolve: (accepted: AcceptResult) => void;
  reject: (error: unknown) => void;
};

/** Posts that wait for a common transaction, which takes of each project in turns: one that sends much has its own queue. */
export class PostQueue {
  /** In the order of their turns. Of each id one post waits there. */
  readonly #projects = new Map<string, QueuedPost[]>();
  /** By the keys of those, the posts of the same id: looked through for each transaction, they would hold up all others. */
  readonly #repeats = new Map<string, QueuedPost[]>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Milliseconds that the first post of a project has waited; 0 when none waits. */
  longestWaitMs(projectId: string): number {
    const first = this.#projects.get(projectId)?.[0];
    return first ? performance.now() - first.queuedAt : 0;
  }

  push(post: QueuedPost): void {
    const key = eventKey(post.draft.projectId, post.draft.id);
    const repeats = this.#repeats.get(key);
    if (repeats) repeats.push(post);
    else {
      this.#repeats.set(key, []);
      this.#queueOf(post).push(post);
    }
    this.#size += 1;
  }

  /**
   * At most `most` posts, and no more once they have `bytes`. The same id twice cannot be written by one statement: the
   * second waits, and finds the first.
   */
  take(most: number, bytes: number): QueuedPost[] {
    const taken: QueuedPost[] = [];
    let size = 0;
    while (this.#projects.size > 0 && taken.length < most && size < bytes) {
      for (const projectId of [...this.#projects.keys()]) {
        if (taken.length >= most || size >= bytes) break;
        const post = this.#takeOf(projectId);
        taken.push(post);
        size += draftBytes(post.draft);
      }
    }
    this.#size -= taken.length;
    for (const post of taken.toReversed()) this.#bringRepeat(post);
    return taken;
  }

  /** The project's first; its next turn is after all others'. */
  #takeOf(projectId: string): QueuedPost {
    const queue = this.#projects.get(projectId)!;
    const post = queue.shift()!;
    this.#projects.delete(projectId);
    if (queue.length > 0) this.#projects.set(projectId, queue);
    return post;
  }

  /** What has the id of a post that was taken comes first of its project: it has waited for longer than the others. */
  #bringRepeat({ draft }: QueuedPost): void {
    const key = eventKey(draft.projectId, draft.id);
    const next = this.#repeats.get(key)!.shift();
    if (next) this.#queueOf(next).unshift(next);
    else this.#repeats.delete(key);
  }

  #queueOf({ draft: { projectId } }: QueuedPost): QueuedPost[] {
    const queue = this.#projects.get(projectId) ?? [];
    this.#projects.set(projectId, queue);
    return queue;
  }
}

export const draftBytes = ({ data, body }: EventDraft): number => data.length + body.length;
