import type pg from 'pg';
import type { ReceiverFailure } from '../../../policy/receiver-failure.ts';
import { closeGates, type GateClosure, type GatedReceiver } from '../gates/close-gates.ts';
import { countFailures } from './failures.ts';

/** A failed attempt that has just been recorded. */
export type FailedAttempt = GatedReceiver & ReceiverFailure & { startedAt: Date };

type Tally = Omit<GateClosure, 'probeInMs'> & { failures: number; coolsDown: boolean };

/**
 * Counts failures, and does what their receivers ask for. In the transaction that records the attempts: what a receiver has
 * said holds although the process dies. Returns the receivers that are sent less from now on.
 */
export async function applyFailures(
  client: pg.PoolClient,
  attempts: FailedAttempt[],
): Promise<GatedReceiver[]> {
  if (attempts.length === 0) return [];
  const tallies = tally(attempts);
  const exhausted = await countFailures(client, tallies);
  const probes = new Map(exhausted.map(({ receiver, probeInMs }) => [receiver, probeInMs]));
  const closures = tallies.flatMap(({ receiver, projectId, waitMs, tooManyAt }): GateClosure[] => {
    const probeInMs = probes.get(receiver) ?? null;
    const isAsked = waitMs !== null || tooManyAt !== null || probeInMs !== null;
    return isAsked ? [{ receiver, projectId, waitMs, tooManyAt, probeInMs }] : [];
  });
  return closures.length > 0 ? closeGates(client, closures) : [];
}

/** Adds up the failures of each receiver. */
function tally(attempts: FailedAttempt[]): Tally[] {
  const tallies = new Map<string, Tally>();
  for (const { receiver, projectId, instruction, coolsDown, startedAt } of attempts) {
    const found = tallies.get(receiver);
    const sum = found ?? { receiver, projectId, failures: 0, coolsDown, waitMs: null, tooManyAt: null };
    sum.failures += 1;
    if (instruction.kind === 'wait') sum.waitMs = Math.max(sum.waitMs ?? 0, instruction.ms);
    if (instruction.kind === 'slow_down')
      sum.tooManyAt = new Date(Math.max(sum.tooManyAt?.getTime() ?? 0, startedAt.getTime()));
    tallies.set(receiver, sum);
  }
  return [...tallies.values()];
}
