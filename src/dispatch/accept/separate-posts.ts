import { LRUCache } from 'lru-cache';
import type { FairSemaphore } from '../../limits/fair-semaphore.ts';
import { PostQueue, type QueuedPost } from './post-queue.ts';

const SEPARATE_FOR_MS = 60_000;
const MAX_PROJECTS = 1_000;

/** The posts of projects that delayed a shared transaction. They are stored apart from those of other projects for 60 s. */
export type SeparatePosts = {
  has(projectId: string): boolean;
  /** Stores the project's posts separately from now on, at most `maxPosts` in a transaction. */
  add(projectId: string, maxPosts: number): void;
  /** Stores a post separately; alone, if its project was not added. */
  push(post: QueuedPost): void;
  /** Milliseconds that the project's first post has waited, or 0 if none waits. */
  longestWaitMs(projectId: string): number;
};

/** `store` stores posts of one project in a transaction of their own, and never rejects. */
export function createSeparatePosts(
  withSlot: FairSemaphore,
  maxBytes: number,
  store: (posts: QueuedPost[]) => Promise<void>,
): SeparatePosts {
  const queue = new PostQueue();
  const maxPostsOf = new LRUCache<string, number>({ max: MAX_PROJECTS, ttl: SEPARATE_FOR_MS });

  /** Called once for each post. It takes at least one, if any is left, so none stays behind. */
  async function storeNext(projectId: string): Promise<void> {
    const posts = queue.takeOf(projectId, maxPostsOf.get(projectId) ?? 1, maxBytes);
    if (posts.length > 0) await store(posts);
  }

  return {
    has: (projectId) => maxPostsOf.has(projectId),
    add(projectId, maxPosts) {
      maxPostsOf.set(projectId, Math.min(maxPosts, maxPostsOf.get(projectId) ?? maxPosts));
    },
    push(post) {
      const { projectId } = post.draft;
      queue.push(post);
      void withSlot(projectId, () => storeNext(projectId));
    },
    longestWaitMs: (projectId) => queue.longestWaitMs(projectId),
  };
}
