import { createHash } from 'node:crypto';
import type { Info } from '@temporalio/activity';

/**
 * Returns the same id for each attempt of an activity, and another one for every other activity. It is a hash, because ids of
 * workflows may be longer than those of events, and contain other characters.
 */
export const idOfActivity = ({ namespace, workflowExecution, activityId, activityRunId }: Info): string =>
  idOf([
    namespace,
    workflowExecution?.workflowId,
    workflowExecution?.runId ?? activityRunId,
    'activity',
    activityId,
  ]);

/** Returns the id of the event that reports the end of a run: each run closes once. */
export const idOfClose = ({ namespace, workflowExecution }: Info): string =>
  idOf([namespace, workflowExecution?.workflowId, workflowExecution?.runId, 'close']);

/** 160 bits, of which no two are alike by chance. */
const idOf = (parts: (string | undefined)[]): string =>
  `wf_${createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 40)}`;
