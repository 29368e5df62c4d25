import type { AttemptEngine } from '../src/attempts/attempt-engine.ts';
import type { Activities } from '../workflows/contract.ts';
import { runActivity } from './run-activity.ts';

/** The activities of the workflow `deliver`. */
export function createActivities(engine: AttemptEngine, onFailure: (error: unknown) => void): Activities {
  return {
    attemptDeliveries: (due) => runActivity((owner, giveUpAt) => engine.run(due, owner, giveUpAt), onFailure),
    recordOutcomes: (unrecorded) => runActivity((owner) => engine.recordLate(unrecorded, owner), onFailure),
  };
}
