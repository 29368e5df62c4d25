import type pg from 'pg';
import { disableFailing, warnOfFailing } from '../store/receivers/failures/failure-alerts.ts';
import { endDrains } from '../store/receivers/gates/drain.ts';
import { liftPassed } from '../store/receivers/gates/ease-gates.ts';
import { type Loop, startLoop } from './loops/loop.ts';

const INTERVAL_MS = 5_000;

export type FailureAlertsDependencies = {
  pool: pg.Pool;
  /** One of all processes is enough; several do no harm. */
  leads: () => boolean;
  /** Called with endpoints that were disabled. */
  onDisabled: (endpointIds: string[]) => void;
  onFailure: (error: unknown) => void;
};

/**
 * Warns of endpoints that only fail, disables them in the end, and lifts restrictions of receivers whose time has passed.
 * Each is one statement, so a process that dies leaves nothing half done.
 */
export function createFailureAlerts({ pool, leads, onDisabled, onFailure }: FailureAlertsDependencies): Loop {
  return startLoop(
    async () => {
      if (!leads()) return;
      await liftPassed(pool);
      await endDrains(pool);
      for (let ids = await disableFailing(pool); ids.length > 0; ids = await disableFailing(pool))
        onDisabled(ids);
      while ((await warnOfFailing(pool)) > 0);
    },
    INTERVAL_MS,
    onFailure,
  );
}
