import type { OutboundResult } from '../egress/outbound.ts';
import type { Claim } from '../store/deliveries/claims/claim-deliveries.ts';

/** A receiver whose attempt takes this long is slow: its deliveries use the slow queue from then on. */
const SLOW_AFTER_MS = 1_000;
/** Consecutive attempts that could not reach the receiver. */
const FAILURES_UNTIL_SLOW = 3;
/** Consecutive quick responses after which a slow receiver is healthy again. */
const QUICK_UNTIL_HEALTHY = 3;
const SWEEP_EVERY_MS = 250;
/** A report may be lost or undone by another worker. It is repeated while the fast lane still sends to the receiver. */
const REPORT_AGAIN_AFTER_MS = 10_000;
/** The receiver added first is dropped first; if it is still slow, it is noticed again. */
const MAX_RECEIVERS = 10_000;

export type ReceiverMonitor = {
  /** Observes one attempt. Call `started` when the POST starts and `ended` with its result. */
  begin(claim: Pick<Claim, 'receiver' | 'projectId' | 'lane'>): {
    started: () => void;
    ended: (result: OutboundResult) => void;
  };
  close(): void;
  /** `receivers`: failing or slow ones in memory. `running`: attempts in flight that are not slow yet. */
  stats(): { receivers: number; running: number };
};

export type ReceiverMonitorDependencies = {
  onSlow: (receiver: string, projectId: string, cause: string) => void;
  onHealthy: (receiver: string, projectId: string) => void;
};

/**
 * Kept only for receivers that fail or are restricted. `unknown`: it is restricted, because it is slow or for another reason.
 * `reportedAt`: when it was last reported as slow, or as healthy.
 */
type ReceiverState = {
  health: 'unknown' | 'slow' | 'healthy';
  reportedAt: number;
  failures: number;
  quickInARow: number;
};
type Attempt = Pick<Claim, 'receiver' | 'projectId' | 'lane'> & { startedAt: number };

/**
 * Reports receivers that become slow or healthy, as this process sees them. It does not wait for the end of an attempt: a
 * receiver that never responds must leave the fast lane long before its first timeout.
 */
export function createReceiverMonitor({ onSlow, onHealthy }: ReceiverMonitorDependencies): ReceiverMonitor {
  const receivers = new Map<string, ReceiverState>();
  const running = new Set<Attempt>();

  function stateOf({ receiver, lane }: Attempt): ReceiverState {
    let state = receivers.get(receiver);
    if (!state) {
      const health = lane === 'restricted' ? 'unknown' : 'healthy';
      state = { health, reportedAt: Number.NEGATIVE_INFINITY, failures: 0, quickInARow: 0 };
      if (receivers.size >= MAX_RECEIVERS) receivers.delete(receivers.keys().next().value!);
      receivers.set(receiver, state);
    }
    return state;
  }

  function becomeSlow(attempt: Attempt, cause: string): void {
    const state = stateOf(attempt);
    state.quickInARow = 0;
    const now = performance.now();
    const isReported = attempt.lane !== 'fast' || now - state.reportedAt < REPORT_AGAIN_AFTER_MS;
    if (state.health === 'slow' && isReported) return;
    state.health = 'slow';
    state.reportedAt = now;
    onSlow(attempt.receiver, attempt.projectId, cause);
  }

  function recordFailure(attempt: Attempt, outcome: string): void {
    const state = stateOf(attempt);
    state.failures += 1;
    state.quickInARow = 0;
    if (outcome === 'timeout' || state.failures >= FAILURES_UNTIL_SLOW) becomeSlow(attempt, outcome);
  }

  function recordResponse(attempt: Attempt, durationMs: number): void {
    const { receiver, projectId, lane } = attempt;
    const isSlow = receivers.get(receiver)?.health === 'slow';
    if (lane !== 'restricted' && !isSlow) return void receivers.delete(receiver);
    const state = stateOf(attempt);
    state.failures = 0;
    state.quickInARow = durationMs < SLOW_AFTER_MS / 2 ? state.quickInARow + 1 : 0;
    if (state.quickInARow < QUICK_UNTIL_HEALTHY) return;
    const now = performance.now();
    // It stays restricted for another reason, or another process has marked it slow meanwhile.
    if (state.health === 'healthy' && now - state.reportedAt < REPORT_AGAIN_AFTER_MS) return;
    if (lane === 'restricted') receivers.set(receiver, { ...state, health: 'healthy', reportedAt: now });
    else receivers.delete(receiver);
    onHealthy(receiver, projectId);
  }

  // The set is in order of start, so the sweep ends at the first attempt that is not slow yet.
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
          else if (result.kind === 'failed') recordFailure(attempt, result.outcome);
          else if (result.kind === 'responded') recordResponse(attempt, result.durationMs);
        },
      };
    },
    close: () => clearInterval(timer),
    stats: () => ({ receivers: receivers.size, running: running.size }),
  };
}
