import type pg from 'pg';
import { cancelOpenOf, markEndpointSwept, unsweptEndpoints } from '../../store/deliveries/steering.ts';

export type EndpointSweep = {
  pool: pg.Pool;
  /** A workflow whose deliveries were cancelled. */
  onCancelled: (signal: { owner: string; ids: string[] }) => void;
  /** Outcomes of this project were written. */
  onOutcomes: (projectId: string) => void;
};

/** Cancels all that is open for a deleted endpoint, in small transactions. A death in between leaves it unswept. */
export async function sweepEndpoint(
  { pool, onCancelled, onOutcomes }: EndpointSweep,
  projectId: string,
  endpointId: string,
): Promise<void> {
  for (let next: string | null = ''; next !== null; ) {
    const batch = await cancelOpenOf(pool, endpointId, next);
    batch.signals.forEach(onCancelled);
    next = batch.next;
  }
  await markEndpointSwept(pool, endpointId);
  onOutcomes(projectId);
}

/** Finishes the deletions that began at least `ageMs` ago: whoever began a younger one is likely still at it. */
export async function sweepDeletedEndpoints(sweep: EndpointSweep, ageMs: number): Promise<void> {
  for (const { id, projectId } of await unsweptEndpoints(sweep.pool, ageMs)) {
    await sweepEndpoint(sweep, projectId, id);
  }
}
