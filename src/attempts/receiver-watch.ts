import type { OutboundResult } from '../egress/outbound.ts';
import type { Claim } from '../store/deliveries/claims/claim-deliveries.ts';

/** A receiver that keeps an attempt waiting this long queues apart from then on. */
const SLOW_AFTER_MS = 1_000;
/** Attempts in a row that could not reach the receiver at all. */
const FAILURES_UNTIL_SLOW = 3;
/** Quick answers in a row after which a slow receiver is trusted again. */
const QUICK_UNTIL_HEALTHY = 3;
const SWEEP_EVERY_MS = 250;
/** What was told may be lost, or undone by another worker: told again when the common queue still sends to it. */
const REPORT_AGAIN_AFTER_MS = 10_000;
/** Receivers that are remembered, the first noticed go first: one that is still slow is noticed again. */
const MAX_REMEMBERED = 10_000;

export type ReceiverWatch = {
  /** Watches one attempt from its claim to its end. */
  begin(claim: Pick<Claim, 'receiver' | 'projectId' | 'lane'>): {
    started: () => void;
    ended: (result: OutboundResult) => void;
  };
  close(): void;
  /** Receivers that are remembered, and attempts under way that are not yet known to be slow. */
  stats(): { receivers: number; running: number };
};

export type ReceiverWatchDependencies = {
  onSlow: (receiver: string, projectId: string, cause: string) => void;
  onHealthy: (receiver: string, projectId: string) => void;
};

/** Only of receivers that fail or are slow: a healthy one needs no memory. */
type Trouble = { slow: boolean; reportedAt: number; failures: number; quick: number };
type Attempt = Pick<Claim, 'receiver' | 'projectId' | 'lane'> & { startedAt: number };

/**
 * Notices receivers that became slow or healthy, while their attempts still run: a black hole must leave the
 * common queue long before its first timeout. Tells transitions, as this process sees them.
 */
export function createReceiverWatch({ onSlow, onHealthy }: ReceiverWatchDependencies): ReceiverWatch {
  const troubles = new Map<string, Trouble>();
  const running = new Set<Attempt>();

  function troubleOf({ receiver, lane }: Attempt): Trouble {
    let trouble = troubles.get(receiver);
    if (!trouble) {
      trouble = { slow: lane === 'slow', reportedAt: performance.now(), failures: 0, quick: 0 };
      if (troubles.size >= MAX_REMEMBERED) troubles.delete(troubles.keys().next().value!);
      troubles.set(receiver, trouble);
    }
    return trouble;
  }

  function becomeSlow(attempt: Attempt, cause: string): void {
    const trouble = troubleOf(attempt);
    trouble.quick = 0;
    const now = performance.now();
    if (trouble.slow && (attempt.lane !== 'fast' || now - trouble.reportedAt < REPORT_AGAIN_AFTER_MS)) return;
    trouble.slow = true;
    trouble.reportedAt = now;
    onSlow(attempt.receiver, attempt.projectId, cause);
  }

  function failed(attempt: Attempt, outcome: string): void {
    const trouble = troubleOf(attempt);
    trouble.failures += 1;
    trouble.quick = 0;
    if (outcome === 'timeout' || trouble.failures >= FAILURES_UNTIL_SLOW) becomeSlow(attempt, outcome);
  }

  function answered(attempt: Attempt, durationMs: number): void {
    const { receiver, projectId, lane } = attempt;
    if (lane !== 'slow' && !troubles.get(receiver)?.slow) return void troubles.delete(receiver);
    const trouble = troubleOf(attempt);
    trouble.failures = 0;
    trouble.quick = durationMs < SLOW_AFTER_MS / 2 ? trouble.quick + 1 : 0;
    if (trouble.quick < QUICK_UNTIL_HEALTHY) return;
    troubles.delete(receiver);
    onHealthy(receiver, projectId);
  }

  // Oldest first: the sweep ends at the first attempt that is still young.
  const sweep = (): void => {
    const now = performance.now();
    for (const attempt of running) {
      if (now - attempt.startedAt < SLOW_AFTER_MS) break;
      running.delete(attempt);
      becomeSlow(attempt, 'slow');
    }
  };
  const timer = setInterval(sweep, SWEEP_EVERY_MS);
  timer.unref();

  return {
    begin: ({ receiver, projectId, lane }) => {
      const attempt: Attempt = { receiver, projectId, lane, startedAt: 0 };
      return {
        started: () => {
          attempt.startedAt = performance.now();
          running.add(attempt);
        },
        ended: (result) => {
          running.delete(attempt);
          if (result.kind === 'not_started') becomeSlow(attempt, 'no free connection');
          else if (result.kind === 'failed') failed(attempt, result.outcome);
          else answered(attempt, result.durationMs);
        },
      };
    },
    close: () => clearInterval(timer),
    stats: () => ({ receivers: troubles.size, running: running.size }),
  };
}
