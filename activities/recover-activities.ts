import type { JobEngine } from '../src/recoveries/job-engine.ts';
import type { JobActivities } from '../workflows/contract.ts';
import { runActivity } from './run-activity.ts';

/** The activities of the workflow `recover`. */
export const createJobActivities = (
  engine: JobEngine,
  onFailure: (error: unknown) => void,
): JobActivities => ({
  workOnJob: (job) => runActivity(() => engine.work(job), onFailure),
});
