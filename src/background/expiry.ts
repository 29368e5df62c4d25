import type pg from 'pg';
import { expireDeliveries } from '../store/deliveries/expire-deliveries.ts';
import type { EndpointStatesDependencies } from './endpoint-states.ts';
import { type Loop, startLoop } from './loops/loop.ts';

/** How late the end of an expired delivery may be recorded. No request starts meanwhile. */
const INTERVAL_MS = 1_000;

type ExpiryDependencies = { pool: pg.Pool; onFailure: (error: unknown) => void } & Pick<
  EndpointStatesDependencies,
  'onEnded' | 'onOutcomes'
>;

/** Ends open deliveries of events that have expired, in small batches. Every API process looks for them. */
export const startExpiry = ({ pool, onEnded, onOutcomes, onFailure }: ExpiryDependencies): Loop =>
  startLoop(
    async () => {
      for (let more = true; more; ) {
        const { mayBeMore, ended, projectIds } = await expireDeliveries(pool);
        for (const signal of ended) onEnded(signal);
        if (projectIds.length > 0) onOutcomes(projectIds);
        more = mayBeMore;
      }
    },
    INTERVAL_MS,
    onFailure,
  );
