import type { Erasure } from '../../store/erasures/erasures.ts';
import { json, type RouteResponse } from '../http/route.ts';
import type { ErasureJobs } from '../ports.ts';
import { Problem } from '../problems/problem.ts';
import type { ErasureResponse } from './erasure-schemas.ts';

export const erasureResponse = ({
  id,
  projectId: project,
  kind,
  subject,
  completedAt,
  waitingFor,
  eventsErased,
  workflowsDeleted,
  createdAt,
}: Erasure): ErasureResponse => ({
  id,
  project,
  kind,
  subject,
  status: completedAt === null ? 'running' : 'completed',
  waitingFor,
  eventsErased,
  workflowsDeleted,
  createdAt,
  completedAt,
});

/** Responds with a job that has been stored, and has it begin. Throws not_found if there is nothing to erase. */
export function erasureBegun(jobs: ErasureJobs, stored: Erasure | null): RouteResponse<ErasureResponse> {
  if (!stored) throw new Problem('not_found');
  jobs.wake();
  return json(202, erasureResponse(stored));
}
