import type { DeliveryStep } from '../policy/delivery-result.ts';
import { FINAL_STATUSES } from '../policy/outcome.ts';
import { projectIdFromWorkflowId } from '../policy/workflow-id.ts';
import { type AttemptResult, resultNow } from './attempt-claims.ts';
import type { AttemptLimiter } from './attempt-limiter.ts';
import type { ClaimAndAttempt } from './claim-and-attempt.ts';
import { retrySoon } from './delivery-results.ts';

/** Half the time for which permits are valid. The workflow reports nothing of a line until all of it has ended. */
const LINE_FOR_MS = 1_000;
const WAIT_FOR_SLOT_MS = 5_000;

export type AttemptLineDependencies = {
  limiter: Pick<AttemptLimiter, 'acquire'>;
  claimAndAttempt: ClaimAndAttempt;
  releaseUnclaimed: (steps: DeliveryStep[], owner: string, giveUpAt: number) => Promise<AttemptResult[]>;
  onClaimed: (owner: string) => void;
  /** Called when the next delivery of an ordered receiver may have its turn. */
  onTurnEnded: (turn: { projectId: string; receiver: string }) => void;
  onFailure: (error: unknown, deliveryId: string | null) => void;
};

export type AttemptLine = {
  /**
   * Attempts deliveries of one ordered receiver one after the other, for about a second. Each is claimed when the one before
   * has ended, and the claim refuses it unless it is its turn. The first that does not end has the rest released.
   */
  attempt(steps: DeliveryStep[], receiver: string, owner: string, giveUpAt: number): Promise<AttemptResult[]>;
  /** Whether a line of the receiver is under way: its next delivery waits for each record. */
  isUnderWay(receiver: string): boolean;
};

export function createAttemptLine({
  limiter,
  claimAndAttempt,
  releaseUnclaimed,
  onClaimed,
  onTurnEnded,
  onFailure,
}: AttemptLineDependencies): AttemptLine {
  const receivers = new Set<string>();

  async function attemptNext(step: DeliveryStep, owner: string, giveUpAt: number): Promise<AttemptResult> {
    const until = performance.now() + WAIT_FOR_SLOT_MS;
    const slots = await limiter.acquire(projectIdFromWorkflowId(owner), 1, until);
    const attempted =
      slots.length === 0
        ? releaseUnclaimed([step], owner, giveUpAt)
        : (await claimAndAttempt([step], slots, owner, giveUpAt)).results;
    return (await attempted)[0] ?? resultNow(retrySoon(step.id, step.step));
  }

  async function attemptAll(
    steps: DeliveryStep[],
    owner: string,
    giveUpAt: number,
  ): Promise<AttemptResult[]> {
    const until = performance.now() + LINE_FOR_MS;
    const results: AttemptResult[] = [];
    try {
      for (const step of steps) {
        const last = results.at(-1);
        if (last && (!hasEnded(last) || performance.now() > until)) break;
        results.push(await attemptNext(step, owner, giveUpAt));
        // The line holds one start slot, until its first delivery is claimed.
        if (!last) onClaimed(owner);
      }
    } catch (error) {
      if (results.length === 0) throw error;
      onFailure(error, null);
    }
    const left = steps.slice(results.length);
    return left.length > 0 ? [...results, ...(await releaseUnclaimed(left, owner, giveUpAt))] : results;
  }

  return {
    async attempt(steps, receiver, owner, giveUpAt) {
      receivers.add(receiver);
      try {
        return await attemptAll(steps, owner, giveUpAt);
      } finally {
        receivers.delete(receiver);
        onTurnEnded({ projectId: projectIdFromWorkflowId(owner), receiver });
      }
    },
    isUnderWay: (receiver) => receivers.has(receiver),
  };
}

const hasEnded = (result: AttemptResult): boolean =>
  result.kind === 'result' && FINAL_STATUSES.some((status) => status === result.result.kind);
