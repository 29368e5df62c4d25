import type { z } from 'zod';
import { OUTCOMES } from '../../policy/outcome.ts';
import { type BulkJob, openOf, totalOf } from '../../store/recoveries/job-row.ts';
import type { Preview } from '../../store/recoveries/preview.ts';
import type { cancellation, recovery } from './job-schemas.ts';

export const previewResponse = ({ countedTo, ...preview }: Preview) => ({
  ...preview,
  capped: countedTo !== null,
});

export function recoveryResponse(job: BulkJob): z.output<typeof recovery> {
  const { done, skipped, delivered, undeliverable, cancelled, rate } = job;
  const what = job.kind === 'recover_missing' ? 'missing' : 'failed';
  return {
    ...commonResponse(job),
    filter: { what, ...filterResponse(job) },
    ...{ done, skipped, delivered, undeliverable, cancelled, open: openOf(job), rate: rate ?? 0 },
  };
}

export const cancellationResponse = (job: BulkJob): z.output<typeof cancellation> => ({
  ...commonResponse(job),
  filter: filterResponse(job),
  done: job.done,
  skipped: job.skipped,
});

function commonResponse(job: BulkJob) {
  const { id, status, startedAt, endedAt, startedBy } = job;
  return { id, status, total: totalOf(job), startedAt, endedAt, startedBy };
}

function filterResponse({ filter, deliveryIds }: BulkJob) {
  const { endpoint, consumer, type, statusCode, errorCode, since, until } = filter;
  const times = deliveryIds === null ? { since, until } : { since: null, until: null };
  const outcome = OUTCOMES.find((one) => one === filter.outcome) ?? null;
  const deliveries = deliveryIds?.length ?? null;
  return { endpoint, consumer, type, outcome, statusCode, errorCode, ...times, deliveries };
}
