import { keyOf } from '../store/accept-events.ts';
import type { Accepted, EventDraft } from '../store/event-draft.ts';

export type WaitingPost = {
  draft: EventDraft;
  /** On the clock of performance.now(). */
  since: number;
  resolve: (accepted: Accepted) => void;
  reject: (error: unknown) => void;
};

/** Posts that wait for a common transaction, which takes of each project in turns: one that sends much has its own queue. */
export class WaitingPosts {
  /** In the order of their turns. */
  readonly #projects = new Map<string, WaitingPost[]>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Milliseconds that the first post of a project has waited; 0 when none waits. */
  longestWaitOf(projectId: string): number {
    const first = this.#projects.get(projectId)?.[0];
    return first ? performance.now() - first.since : 0;
  }

  push(post: WaitingPost): void {
    const { projectId } = post.draft;
    const queue = this.#projects.get(projectId) ?? [];
    this.#projects.set(projectId, queue);
    queue.push(post);
    this.#size += 1;
  }

  /**
   * At most `most` posts, and no more once they have `bytes`. The same id twice cannot be written by one statement: the
   * second waits, and finds the first.
   */
  take(most: number, bytes: number): WaitingPost[] {
    const taken: WaitingPost[] = [];
    const keys = new Set<string>();
    let size = 0;
    let turns = [...this.#projects.keys()];
    while (turns.length > 0) {
      const goOn: string[] = [];
      for (const projectId of turns) {
        if (taken.length >= most || size >= bytes) break;
        const post = this.#takeOf(projectId, keys);
        if (!post) continue;
        taken.push(post);
        size += bytesOf(post.draft);
        goOn.push(projectId);
      }
      turns = goOn;
      if (taken.length >= most || size >= bytes) break;
    }
    this.#size -= taken.length;
    return taken;
  }

  /** The project's first whose key is not among `keys`; its next turn is after all others'. */
  #takeOf(projectId: string, keys: Set<string>): WaitingPost | undefined {
    const queue = this.#projects.get(projectId);
    const place = queue?.findIndex(({ draft }) => !keys.has(keyOf(projectId, draft.id))) ?? -1;
    if (!queue || place === -1) return undefined;
    const [post] = queue.splice(place, 1);
    this.#projects.delete(projectId);
    if (queue.length > 0) this.#projects.set(projectId, queue);
    keys.add(keyOf(projectId, post!.draft.id));
    return post;
  }
}

export const bytesOf = ({ data, body }: EventDraft): number => data.length + body.length;
