import type { Queryable } from '../../store/postgres/database.ts';
import { newId } from '../../store/postgres/ids.ts';
import { mapOutage } from '../../store/postgres/map-outages.ts';
import type { Page, PageRequest } from '../../store/postgres/pages.ts';
import type { BulkFilter } from '../../store/recoveries/bulk-filter.ts';
import {
  changeJob,
  findJob,
  insertJob,
  type JobAction,
  type JobPrefix,
  listJobs,
} from '../../store/recoveries/bulk-jobs.ts';
import type { BulkJob, JobKind, JobScope } from '../../store/recoveries/job-row.ts';
import { measureJobs } from '../../store/recoveries/measure-jobs.ts';
import { type Preview, previewJob } from '../../store/recoveries/preview.ts';
import type { Tenant } from '../auth/tenant.ts';
import type { ApiDependencies } from '../dependencies.ts';
import type { SearchLimit } from '../limits/search-limit.ts';
import type { TenantReadPool } from '../limits/tenant-read-pool.ts';
import { Problem } from '../problems/problem.ts';

export type StartedJob = { kind: 'preview'; preview: Preview } | { kind: 'started'; job: BulkJob };

type JobInput = {
  kind: JobKind;
  filter: BulkFilter;
  deliveryIds: string[] | null;
  rate: number | null;
  dryRun: boolean;
  /** Ends the counting of a dry run when the client disconnects. */
  disconnected: AbortSignal;
};

export type JobCalls = {
  /** Counts what a job is about and, unless it is a dry run, stores and starts it. */
  start(tenant: Tenant, input: JobInput): Promise<StartedJob>;
  /** Throws not_found. */
  find(tenant: Tenant, id: string): Promise<BulkJob>;
  list(tenant: Tenant, page: PageRequest): Promise<Page<BulkJob>>;
  /** Throws not_found and recovery_final. A job that is in that state already stays in it. */
  change(tenant: Tenant, id: string, action: JobAction): Promise<BulkJob>;
};

/** The state in which an action that changed nothing has succeeded before. */
const DONE_BEFORE: Record<JobAction, BulkJob['status']> = {
  pause: 'paused',
  resume: 'running',
  cancel: 'cancelled',
};

/** What recoveries and cancellations have in common. */
export function createJobCalls(
  { pool, bulkJobs, clock, config }: ApiDependencies,
  db: Queryable,
  readPool: TenantReadPool,
  searches: SearchLimit,
  prefix: JobPrefix,
): JobCalls {
  const measured = async (tenant: Tenant, jobs: BulkJob[]): Promise<BulkJob[]> =>
    measureJobs(db, readPool(tenant), jobs, clock.now());

  return {
    async start(tenant, { kind, filter, deliveryIds, rate, dryRun, disconnected }) {
      const { projectId, consumer, policy, keyId, portalSessionId } = tenant;
      const scope: JobScope = { kind, projectId, filter, deliveryIds };
      const readDb = readPool(tenant, dryRun ? disconnected : undefined);
      const preview = await searches.run(tenant, () => previewJob(readDb, scope));
      if (dryRun) return { kind: 'preview', preview };
      const { matches: counted, countedTo } = preview;
      const id = newId(prefix, clock.now());
      const startedBy = keyId ?? portalSessionId ?? 'admin';
      const row = { ...scope, id, consumer, startedBy, policy, rate, counted, countedTo };
      const job = await mapOutage(insertJob(pool, row, config.quotas));
      bulkJobs.start(job);
      return { kind: 'started', job };
    },
    async find(tenant, id) {
      const job = await findJob(db, tenant, prefix, id);
      if (!job) throw new Problem('not_found');
      return (await measured(tenant, [job]))[0]!;
    },
    async list(tenant, page) {
      const { items, next } = await listJobs(readPool(tenant), tenant, prefix, page);
      return { items: await measured(tenant, items), next };
    },
    async change(tenant, id, action) {
      const found = await changeJob(db, tenant, prefix, id, action);
      if (!found) throw new Problem('not_found');
      const { job, changed } = found;
      if (!changed && job.status !== DONE_BEFORE[action])
        throw new Problem('recovery_final', `It is ${job.status}.`);
      if (action === 'resume') bulkJobs.start(job);
      return (await measured(tenant, [job]))[0]!;
    },
  };
}
