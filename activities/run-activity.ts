import { ApplicationFailure, Context } from '@temporalio/activity';

/** A fifth of the heartbeat timeout, so that Temporal does not give up on a worker that misses two heartbeats. */
const HEARTBEAT_EVERY_MS = 2_000;
/** The work must return this long before the activity's startToCloseTimeout, or its report would arrive too late. */
const REPORT_MARGIN_MS = 5_000;

/** Runs the work of an activity: heartbeats while it runs, and removes the details from what it throws. */
export const runActivity = <T>(
  work: (owner: string, giveUpAt: number) => Promise<T>,
  onFailure: (error: unknown) => void,
): Promise<T> =>
  whileHeartbeating(work).catch((error) => {
    onFailure(error);
    throw withoutDetails();
  });

/** Temporal stores messages and stacks in the history, and an error of Postgres or of a socket contains addresses. */
const withoutDetails = (): ApplicationFailure =>
  ApplicationFailure.create({
    type: 'ActivityUnavailable',
    message: 'the worker could not run this activity; see its log for the cause',
    category: 'BENIGN',
  });

// The activity's cancellation signal is ignored on purpose: while Temporal is down the SDK cancels running activities,
// but a POST in flight must still be recorded.
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
