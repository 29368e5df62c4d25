import type pg from 'pg';
import {
  cancelOpenDeliveries,
  incompleteDeletions,
  markDeletionComplete,
} from '../store/endpoints/delete-endpoint.ts';

export type EndpointSweepDependencies = {
  pool: pg.Pool;
  /** Called with each workflow whose deliveries were cancelled. */
  onCancelled: (signal: { owner: string; ids: string[] }) => void;
  /** Called when outcomes of this project were written. */
  onOutcomes: (projectId: string) => void;
};

/** Cancels the open deliveries of a deleted endpoint in small transactions. If the process dies, a later sweep resumes. */
export async function sweepEndpoint(
  { pool, onCancelled, onOutcomes }: EndpointSweepDependencies,
  projectId: string,
  endpointId: string,
): Promise<void> {
  for (let next: string | null = ''; next !== null; ) {
    const batch = await cancelOpenDeliveries(pool, endpointId, next);
    batch.signals.forEach(onCancelled);
    next = batch.next;
  }
  await markDeletionComplete(pool, endpointId);
  onOutcomes(projectId);
}

/** Finishes deletions that are at least `ageMs` old. A younger one is probably still being processed. */
export async function sweepDeletedEndpoints(sweep: EndpointSweepDependencies, ageMs: number): Promise<void> {
  for (const { id, projectId } of await incompleteDeletions(sweep.pool, ageMs)) {
    await sweepEndpoint(sweep, projectId, id);
  }
}
