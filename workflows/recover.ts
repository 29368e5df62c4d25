import {
  continueAsNew,
  proxyActivities,
  setCurrentDetails,
  setWorkflowOptions,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import { type JobActivities, type RecoverInput, slowTaskQueueOf } from './contract.ts';
import { goesOnWithNewBuilds } from './goes-on-with-new-builds.ts';

/** Some ten events each: a history of 2,000 events replays in well under a second. */
const STEPS_PER_RUN = 200;

/**
 * Carries out a bulk job, which is a recovery or a cancellation, until it is done, paused or cancelled. How far it has come
 * is in Postgres, so a workflow that starts anew goes on where the last one was.
 */
export async function recover(input: RecoverInput): Promise<string> {
  const activities = activitiesOn(slowTaskQueueOf(workflowInfo().taskQueue));
  for (let step = 0; step < (input.stepsPerRun ?? STEPS_PER_RUN); step++) {
    const result = await activities.workOnJob(input);
    setCurrentDetails(result.summary);
    if (result.kind === 'ended') return result.summary;
    // Keeps the rate. The due times in Postgres do too, so an early page would not send anything early.
    if (result.waitMs > 0) await sleep(result.waitMs, { summary: result.summary });
  }
  return continueAsNew<typeof recover>(input);
}

// It may run for days, so it goes on with each new build. If its history does not fit, it starts anew where it was.
setWorkflowOptions(goesOnWithNewBuilds, recover);

const activitiesOn = (taskQueue: string): JobActivities =>
  proxyActivities<JobActivities>({
    taskQueue,
    // A page takes well under a second; this one may wait for the pages of other projects.
    startToCloseTimeout: '1 minute',
    heartbeatTimeout: '10s',
    // Retries without limit: the job goes on when Postgres is back.
    retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '10s' },
    summary: 'work through the next deliveries',
  });
