import type pg from 'pg';
import {
  cancelOpenDeliveries,
  incompleteDeletions,
  markDeletionComplete,
} from '../../store/endpoints/delete-endpoint.ts';

export type EndpointSweepDependencies = {
  pool: pg.Pool;
  /** A workflow whose deliveries were cancelled. */
  onCancelled: (signal: { owner: string; ids: string[] }) => void;
  /** Outcomes of this project were written. */
  onOutcomes: (projectId: string) => void;
};

/** Cancels all that is open for a deleted endpoint, in small transactions. If the process ends in between, the deletion stays incomplete. */
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

/** Finishes the deletions that began at least `ageMs` ago: whoever began a younger one is likely still at it. */
export async function sweepDeletedEndpoints(sweep: EndpointSweepDependencies, ageMs: number): Promise<void> {
  for (const { id, projectId } of await incompleteDeletions(sweep.pool, ageMs)) {
    await sweepEndpoint(sweep, projectId, id);
  }
}
