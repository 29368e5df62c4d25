import type { BulkJob } from './job-row.ts';

const PREFIX = 'recover/';

/** The id of the workflow that carries a bulk job in its present run. */
export const jobWorkflowId = ({ id, projectId, run }: Pick<BulkJob, 'id' | 'projectId' | 'run'>): string =>
  `${PREFIX}${projectId}/${id}/${run}`;

/** Whether a workflow carries a job. All others carry deliveries. */
export const carriesJob = (workflowId: string): boolean => workflowId.startsWith(PREFIX);

/** SQL: the ids of all workflows that have carried the job with this alias, as rows of `workflow (id)`. */
export const workflowsOfJob = (job: string): string => `
  LATERAL (SELECT '${PREFIX}' || ${job}.project_id || '/' || ${job}.id || '/' || run AS id
           FROM generate_series(1, ${job}.run) AS run) AS workflow`;
