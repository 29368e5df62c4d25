import { attributeBytes } from '../../policy/attributes.ts';
import type { AcceptResult, EventDraft } from '../../store/events/event-draft.ts';
import { eventKey } from '../../store/events/event-key.ts';

export type QueuedPost = {
  draft: EventDraft;
  /** The time of performance.now(). */
  queuedAt: number;
  /** How often its filters were evaluated. */
  evaluations?: number;
  resolve: (accepted: AcceptResult) => void;
  reject: (error: unknown) => void;
};

/** Whether a post may be in the same transaction as those that were admitted before. */
export type Admits = (draft: EventDraft) => boolean;

/** Posts that wait for a shared transaction. Projects take turns, so a busy project delays only its own posts. */
export class PostQueue {
  /** In the order of service. Contains one post of each event id. */
  readonly #projects = new Map<string, QueuedPost[]>();
  /** Further posts of the same event id, by event key. In the queues they would be scanned for every transaction. */
  readonly #duplicates = new Map<string, QueuedPost[]>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The projects with posts that the next transaction may take. */
  projectIds(): Iterable<string> {
    return this.#projects.keys();
  }

  /** Milliseconds that the project's first post has waited, or 0 if none waits. */
  longestWaitMs(projectId: string): number {
    const first = this.#projects.get(projectId)?.[0];
    return first ? performance.now() - first.queuedAt : 0;
  }

  push(post: QueuedPost): void {
    const key = eventKey(post.draft.projectId, post.draft.id);
    const duplicates = this.#duplicates.get(key);
    if (duplicates) duplicates.push(post);
    else {
      this.#duplicates.set(key, []);
      this.#queueOf(post).push(post);
    }
    this.#size += 1;
  }

  /**
   * Removes up to `maxPosts` posts, and stops once they have `maxBytes`. A statement cannot write the same event id twice,
   * so a duplicate waits for the next transaction, which finds the event. A project whose first post is not admitted has
   * no further turn.
   */
  take(maxPosts: number, maxBytes: number, admits: Admits = () => true): QueuedPost[] {
    return this.#takeInTurn(maxPosts, maxBytes, () => [...this.#projects.keys()], admits);
  }

  /** Like `take`, of one project. */
  takeOf(projectId: string, maxPosts: number, maxBytes: number): QueuedPost[] {
    const waiting = () => (this.#projects.has(projectId) ? [projectId] : []);
    return this.#takeInTurn(maxPosts, maxBytes, waiting, () => true);
  }

  /** `waiting` returns the projects that have posts, of those that may be taken. */
  #takeInTurn(maxPosts: number, maxBytes: number, waiting: () => string[], admits: Admits): QueuedPost[] {
    const taken: QueuedPost[] = [];
    let takenBytes = 0;
    const refused = new Set<string>();
    const isFull = () => taken.length >= maxPosts || takenBytes >= maxBytes;
    const next = () => waiting().filter((projectId) => !refused.has(projectId));
    for (let projectIds = next(); projectIds.length > 0 && !isFull(); projectIds = next()) {
      for (const projectId of projectIds) {
        if (isFull()) break;
        if (!admits(this.#projects.get(projectId)![0]!.draft)) {
          refused.add(projectId);
          continue;
        }
        const post = this.#takeFirst(projectId);
        taken.push(post);
        takenBytes += draftBytes(post.draft);
      }
    }
    this.#size -= taken.length;
    for (const post of taken.toReversed()) this.#requeueDuplicate(post);
    return taken;
  }

  /** Takes the project's first post and moves the project to the end. */
  #takeFirst(projectId: string): QueuedPost {
    const queue = this.#projects.get(projectId)!;
    const post = queue.shift()!;
    this.#projects.delete(projectId);
    if (queue.length > 0) this.#projects.set(projectId, queue);
    return post;
  }

  /** A duplicate of a post that was taken goes to the front of its project's queue: it has waited longest. */
  #requeueDuplicate({ draft }: QueuedPost): void {
    const key = eventKey(draft.projectId, draft.id);
    const next = this.#duplicates.get(key)!.shift();
    if (next) this.#queueOf(next).unshift(next);
    else this.#duplicates.delete(key);
  }

  #queueOf({ draft: { projectId } }: QueuedPost): QueuedPost[] {
    const queue = this.#projects.get(projectId) ?? [];
    this.#projects.set(projectId, queue);
    return queue;
  }
}

/** The bytes that count against the limits of a transaction and of memory. */
export const draftBytes = ({ data, body, attributes }: EventDraft): number =>
  data.length + body.length + attributeBytes(attributes);
