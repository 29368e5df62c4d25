import { ApplicationFailure, Context } from '@temporalio/activity';
import type { AttemptEngine } from '../src/attempts/attempt-engine.ts';
import type { Activities } from '../workflows/contract.ts';

/** A fifth of the heartbeat timeout: two that are lost or late are no lost worker. */
const HEARTBEAT_EVERY_MS = 2_000;
/** What is left of startToClose when the report must be on its way. */
const REPORT_MARGIN_MS = 5_000;

/** The thin shell between Temporal and what an attempt does. */
export function createActivities(engine: AttemptEngine, onFailure: (error: unknown) => void): Activities {
  const guarded = <T>(work: (owner: string, giveUpAt: number) => Promise<T>): Promise<T> =>
    whileHeartbeating(work).catch((error) => {
      onFailure(error);
      throw withoutDetails();
    });
  return {
    attemptDeliveries: (due) => guarded((owner, giveUpAt) => engine.run(due, owner, giveUpAt)),
    recordOutcomes: (unrecorded) => guarded((owner) => engine.recordLate(unrecorded, owner)),
  };
}

/** Messages and stacks go into the history: an error of Postgres or of a socket names addresses, and may name more. */
const withoutDetails = (): ApplicationFailure =>
  ApplicationFailure.create({
    type: 'TryAgain',
    message: 'the worker could not do this now; its log says why',
    category: 'BENIGN',
  });

// The cancellation signal is not handed on: with Temporal away the SDK cancels a running activity, and a POST
// under way must be recorded all the same.
async function whileHeartbeating<T>(work: (owner: string, giveUpAt: number) => Promise<T>): Promise<T> {
  const { info, heartbeat } = Context.current();
  const giveUpAt = performance.now() + info.startToCloseTimeoutMs - REPORT_MARGIN_MS;
  const timer = setInterval(() => heartbeat(), HEARTBEAT_EVERY_MS);
  try {
    return await work(info.workflowExecution!.workflowId, giveUpAt);
  } finally {
    clearInterval(timer);
  }
}
