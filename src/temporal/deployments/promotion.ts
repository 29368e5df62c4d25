import { type Deployment, POLL_INTERVAL_MS, type QueueRouting } from './deployment.ts';

/** Why a worker makes its build the current one. */
export type PromotionReason = 'new' | 'current build has no workers';

/** What is known of the workers: whether this one polls, and whether the current build has none left. */
export type WorkersSeen = { isPolling: boolean; isCurrentGone: boolean };

/**
 * Whether a worker of the build `own`, which polls, makes it the current one (null: a worker without a version). A build
 * that has never been current is new. One that has been was replaced, or something is wrong with the build that replaced
 * it: it becomes current again only when that one has no workers left. So two builds that run side by side never take turns.
 */
export function promotionOf(
  own: string | null,
  { current, builds }: Pick<Deployment, 'current' | 'builds'>,
  { isPolling, isCurrentGone }: WorkersSeen,
): PromotionReason | null {
  if (own === current || !isPolling) return null;
  const build = builds.find(({ buildId }) => buildId === own);
  if (own !== null && !build) return null; // the server has not registered it yet
  if (build && !build.wasCurrent) return 'new';
  return isCurrentGone ? 'current build has no workers' : null;
}

/** The last poll of a build that the server has told of, and since when it has told of no later one. */
export type LastPoll = { buildId: string | null; pollAt: number | undefined; since: number };

/** `now` is of a clock of this process that never goes back, in milliseconds. */
export function lastPollOf(
  buildId: string | null,
  { lastPolls }: Pick<QueueRouting, 'lastPolls'>,
  before: LastPoll | undefined,
  now: number,
): LastPoll {
  const pollAt = lastPolls.get(buildId);
  return before?.buildId === buildId && before.pollAt === pollAt ? before : { buildId, pollAt, since: now };
}

/**
 * Whether a build has had no worker for 90 s: by the clock of this process, or by the server's, if that has seen a poll of
 * another build 90 s later. A server that has just restarted has seen nobody's, so what it does not know proves nothing.
 */
export function isGone(
  { pollAt, since }: LastPoll,
  { lastPolls }: Pick<QueueRouting, 'lastPolls'>,
  now: number,
): boolean {
  const isOlder = pollAt !== undefined && Math.max(...lastPolls.values()) - pollAt >= POLL_INTERVAL_MS;
  return isOlder || now - since >= POLL_INTERVAL_MS;
}
