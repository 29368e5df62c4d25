import type pg from 'pg';
import type { AttemptReport } from '../../workflows/contract.ts';
import type { DeliveryResult, DeliveryStep, UnrecordedAttempt } from '../policy/delivery-result.ts';
import { projectIdFromWorkflowId } from '../policy/workflow-id.ts';
import { releaseUnstarted } from '../store/deliveries/assignments/assignment.ts';
import { readDeliveryResults } from '../store/deliveries/claims/resolve-unclaimed.ts';
import { type AttemptDependencies, type AttemptResult, createAttemptClaims, resultNow } from './attempt.ts';
import type { AttemptLimiter } from './attempt-limiter.ts';
import { type ClaimDependencies, createClaimAndAttempt } from './claim-and-attempt.ts';
import { minusElapsed, retrySoon } from './delivery-results.ts';
import { InFlightAttempts } from './in-flight-attempts.ts';
import { recordLate } from './recording/record-late.ts';
import { retryUntil } from './recording/retry-until.ts';

/** What finds no slot in this time goes back to the queue in Postgres, where projects have their turns. */
const WAIT_FOR_SLOTS_MS = 5_000;

export type AttemptEngineDependencies = Omit<AttemptDependencies, 'readResult'> &
  Pick<ClaimDependencies, 'pool' | 'processId' | 'bodies' | 'onUnknown'> & {
    /** A connection of its own: what is released must not wait behind claims. */
    releasePool: pg.Pool;
    limiter: AttemptLimiter;
    /** Told when nothing of a workflow's batch waits for a claim any more: the dispatcher may start another. */
    onClaimed: (owner: string) => void;
  };

export type AttemptEngine = {
  /** Claims, POSTs and records; returns by `giveUpAt` (performance.now()), with what Postgres did not take. */
  run(due: DeliveryStep[], owner: string, giveUpAt: number): Promise<AttemptReport>;
  /** Writes what `run` could not; throws while Postgres is away. */
  recordLate(unrecorded: UnrecordedAttempt[], owner: string): Promise<DeliveryResult[]>;
};

/** What an attempt does, without Temporal: claim, sign, POST, classify, record. */
export function createAttemptEngine(deps: AttemptEngineDependencies): AttemptEngine {
  const { pool, releasePool, limiter, recorder, releaser } = deps;
  const { onClaimed, onUndeliverable, onFailure, now } = deps;
  const underWay = new InFlightAttempts();
  const claimAndAttempt = createClaimAndAttempt({
    ...deps,
    attemptClaims: createAttemptClaims({ ...deps, readResult }),
    isInFlightForOtherOwner: (owner, id) => underWay.hasOtherOwner(owner, id) || releaser.isPending(id),
    readResult,
    releaseUnclaimed,
  });

  async function run(due: DeliveryStep[], owner: string, giveUpAt: number): Promise<AttemptReport> {
    const resumed = due.flatMap(({ id }) => underWay.find(owner, id) ?? []);
    const fresh = due.filter(({ id }) => !underWay.find(owner, id));
    const results = await Promise.all([...resumed, ...begin(fresh, owner, giveUpAt)]);
    const report: AttemptReport = { results: [], unrecorded: [] };
    for (const one of results) {
      if (one.kind === 'unrecorded') report.unrecorded.push(one.attempt);
      else report.results.push(minusElapsed(one.result, one.endedAt));
    }
    return report;
  }

  /** A result for each; runs that come later find them from this moment on, before anything is claimed. */
  function begin(steps: DeliveryStep[], owner: string, giveUpAt: number): Promise<AttemptResult>[] {
    const all = attemptAll(steps, owner, giveUpAt);
    return steps.map(({ id, step }) =>
      underWay.add(
        owner,
        id,
        all.then((results) => results.get(id) ?? resultNow(retrySoon(id, step))),
      ),
    );
  }

  /** Claims as many at a time as there are slots for. Throws only when nothing is under way. */
  async function attemptAll(
    steps: DeliveryStep[],
    owner: string,
    giveUpAt: number,
  ): Promise<Map<string, AttemptResult>> {
    const until = performance.now() + WAIT_FOR_SLOTS_MS;
    const batches: Promise<AttemptResult[]>[] = [];
    let waiting = steps;
    try {
      while (waiting.length > 0) {
        const slots = await limiter.acquire(projectIdFromWorkflowId(owner), waiting.length, until);
        if (slots.length === 0) break;
        const batch = waiting.slice(0, slots.length);
        const { results } = await claimAndAttempt(batch, slots, owner, giveUpAt);
        batches.push(results);
        waiting = waiting.slice(slots.length);
      }
      if (waiting.length > 0) batches.push(releaseUnclaimed(waiting, owner, giveUpAt));
    } catch (error) {
      if (batches.length === 0) throw error;
      onFailure(error, null);
    }
    onClaimed(owner);
    const results = (await Promise.all(batches)).flat();
    return new Map(results.map((one) => [idOf(one), one]));
  }

  /** Gives what was never claimed back to the queue in Postgres. */
  async function releaseUnclaimed(
    steps: DeliveryStep[],
    owner: string,
    giveUpAt: number,
  ): Promise<AttemptResult[]> {
    const ids = steps.map(({ id }) => id);
    const released = await retryUntil(
      () => releaseUnstarted(releasePool, owner, ids),
      giveUpAt,
      (error) => onFailure(error, null),
    );
    const free = new Set(released);
    return steps.map(({ id, step }) =>
      resultNow(free.has(id) ? { id, kind: 'released' } : retrySoon(id, step)),
    );
  }

  async function readResult(
    id: string,
    step: number,
    owner: string,
    giveUpAt: number,
  ): Promise<DeliveryResult> {
    const standings = await retryUntil(
      () => readDeliveryResults(pool, owner, [id]),
      giveUpAt,
      (error) => onFailure(error, id),
    );
    return standings?.[0] ?? retrySoon(id, step);
  }

  return {
    run,
    recordLate: (unrecorded, owner) =>
      recordLate({ db: pool, recorder, onUndeliverable, now }, unrecorded, owner),
  };
}

const idOf = (one: AttemptResult): string => (one.kind === 'result' ? one.result.id : one.attempt.id);
