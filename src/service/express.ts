import { repeatUntilSuccess } from '../attempts/repeat-until-success.ts';
import type { Dispatcher } from '../dispatch/dispatcher.ts';
import { createExpressAttempts, type ExpressAttempts } from '../express/express-attempts.ts';
import { createExpressCapacity } from '../express/express-capacity.ts';
import { releaseLost } from '../store/deliveries/reconciliation.ts';
import type { SharedServices } from './shared-services.ts';
import type { WorkerRole } from './worker-role.ts';

/** Attempts without a workflow get at most two thirds of the slots: retries and all other attempts need slots as well. */
const SHARE_OF_SLOTS = 2 / 3;
/**
 * One project gets half. With 30 posts for 10 endpoints in a transaction, three transactions are under way: one is stored,
 * one attempted and one recorded. With half of 1,024, workflows made a third of the attempts.
 */
const MAX_IN_FLIGHT = 2_048;
const HAND_OVER_WITHIN_MS = 60_000;

/** Makes first attempts in this process. Null if they are made by workflows. */
export function startExpress(
  { config, log, metrics, pools, heartbeats, attemptSlots, onFailure }: SharedServices,
  worker: WorkerRole | null,
  dispatcher: Dispatcher,
): ExpressAttempts | null {
  if (config.firstAttempt === 'workflow') return null;
  if (!worker) {
    log.warn(
      'POSTHORN_FIRST_ATTEMPT=express has no effect in a process without a worker: workflows make the first attempts',
    );
    return null;
  }
  return createExpressAttempts({
    engine: worker.engine,
    limiter: worker.limiter,
    capacity: createExpressCapacity(Math.min(MAX_IN_FLIGHT, Math.floor(attemptSlots * SHARE_OF_SLOTS))),
    processId: heartbeats.idOrNull,
    otherwise: dispatcher.reserve,
    reserveRetry: (pending) => {
      const reservation = dispatcher.reserveRetries([pending]);
      return {
        owner: reservation.owners[0]!,
        commit: () => reservation.commit(() => true),
        release: reservation.release,
      };
    },
    handOver: async (owner, deliveryId) => {
      const release = () => releaseLost(pools.release, owner, [deliveryId]);
      // If Postgres is away for longer, the reconciler finds the delivery.
      await repeatUntilSuccess(release, performance.now() + HAND_OVER_WITHIN_MS, onFailure);
      dispatcher.poll();
    },
    onStored: (express, others) => {
      metrics.firstAttempts.inc({ by: 'express' }, express);
      metrics.firstAttempts.inc({ by: 'workflow' }, others);
    },
    onFailure: (error, deliveryId) =>
      log.error(
        { err: error, deliveryId },
        'a first attempt could not be passed on; the reconciler does so later',
      ),
  });
}
