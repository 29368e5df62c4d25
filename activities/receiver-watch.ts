import type { OutboundResult } from '../src/egress/outbound.ts';
import type { Claim } from '../src/store/claims.ts';

/** A receiver that keeps an attempt waiting this long queues apart from then on. */
const SLOW_AFTER_MS = 1_000;
/** Attempts in a row that could not reach the receiver at all. */
const FAILURES_UNTIL_SLOW = 3;
/** Quick answers in a row after which a slow receiver is trusted again. */
const QUICK_UNTIL_HEALTHY = 3;
const SWEEP_EVERY_MS = 250;

export type ReceiverWatch = {
  /** Watches one attempt from its claim to its end. */
  begin(claim: Pick<Claim, 'receiver' | 'projectId' | 'lane'>): {
    started: () => void;
    ended: (result: OutboundResult) => void;
  };
  close(): void;
};

export type ReceiverWatchDependencies = {
  onSlow: (receiver: string, projectId: string, cause: string) => void;
  onHealthy: (receiver: string, projectId: string) => void;
};

type Health = { slow: boolean; failures: number; quick: number };
type Attempt = { receiver: string; projectId: string; startedAt: number };

/**
 * Notices receivers that became slow or healthy, while their attempts still run: a black hole must leave the
 * common queue long before its first timeout. Tells transitions only, as this process sees them.
 */
export function createReceiverWatch({ onSlow, onHealthy }: ReceiverWatchDependencies): ReceiverWatch {
  const health = new Map<string, Health>();
  const running = new Set<Attempt>();

  const healthOf = (receiver: string, lane: Claim['lane']): Health => {
    let known = health.get(receiver);
    if (!known) {
      known = { slow: lane === 'slow', failures: 0, quick: 0 };
      health.set(receiver, known);
    }
    return known;
  };

  const becomeSlow = ({ receiver, projectId }: Attempt, state: Health, cause: string): void => {
    state.quick = 0;
    if (state.slow) return;
    state.slow = true;
    onSlow(receiver, projectId, cause);
  };

  // Oldest first: the sweep ends at the first attempt that is still young.
  const sweep = (): void => {
    const now = performance.now();
    for (const attempt of running) {
      if (now - attempt.startedAt < SLOW_AFTER_MS) break;
      running.delete(attempt);
      becomeSlow(attempt, healthOf(attempt.receiver, 'fast'), 'slow');
    }
  };
  const timer = setInterval(sweep, SWEEP_EVERY_MS);
  timer.unref();

  return {
    begin: ({ receiver, projectId, lane }) => {
      const state = healthOf(receiver, lane);
      const attempt: Attempt = { receiver, projectId, startedAt: 0 };
      return {
        started: () => {
          attempt.startedAt = performance.now();
          running.add(attempt);
        },
        ended: (result) => {
          running.delete(attempt);
          if (result.kind === 'not_started') return becomeSlow(attempt, state, 'no free connection');
          if (result.kind === 'failed') {
            state.failures += 1;
            if (result.outcome === 'timeout') becomeSlow(attempt, state, 'timeout');
            else if (state.failures >= FAILURES_UNTIL_SLOW) becomeSlow(attempt, state, result.outcome);
            return;
          }
          state.failures = 0;
          if (!state.slow) return forgetIfIdle(receiver, state);
          state.quick = result.durationMs < SLOW_AFTER_MS / 2 ? state.quick + 1 : 0;
          if (state.quick < QUICK_UNTIL_HEALTHY) return;
          health.delete(receiver);
          onHealthy(receiver, projectId);
        },
      };
    },
    close: () => clearInterval(timer),
  };

  /** A healthy receiver needs no memory: the map holds the others only. */
  function forgetIfIdle(receiver: string, state: Health): void {
    if (state.failures === 0) health.delete(receiver);
  }
}
