import type pg from 'pg';
import type { AttemptReport } from '../../workflows/contract.ts';
import type { DeliveryResult, DeliveryStep, UnrecordedAttempt } from '../policy/delivery-result.ts';
import { projectIdFromWorkflowId } from '../policy/workflow-id.ts';
import { releaseUnstarted } from '../store/deliveries/assignments/assignment.ts';
import type { ReleasableClaim } from '../store/deliveries/claims/release-claims.ts';
import { readDeliveryResults } from '../store/deliveries/claims/resolve-unclaimed.ts';
import {
  type AttemptDependencies,
  type AttemptResult,
  type ClaimedDelivery,
  createAttemptClaims,
  resultNow,
} from './attempt-claims.ts';
import type { AttemptLimiter } from './attempt-limiter.ts';
import { type AttemptLineDependencies, createAttemptLine } from './attempt-line.ts';
import { type ClaimDependencies, createClaimAndAttempt } from './claim-and-attempt.ts';
import { minusElapsed, retrySoon } from './delivery-results.ts';
import { InFlightAttempts } from './in-flight-attempts.ts';
import { recordLate } from './recording/record-late.ts';
import { repeatUntilSuccess } from './repeat-until-success.ts';

/** Deliveries without a slot by then return to the queue in Postgres, which is fair between projects. */
const WAIT_FOR_SLOTS_MS = 5_000;

/** Twelve days. A timer takes at most 24.8 days. */
const FOREVER_MS = 2 ** 30;

export type AttemptEngineDependencies = Omit<AttemptDependencies, 'readResult' | 'isInLine'> &
  Pick<AttemptLineDependencies, 'onTurnEnded'> &
  Pick<
    ClaimDependencies,
    'pool' | 'processId' | 'bodies' | 'onUnknown' | 'onUndeliverable' | 'readsTrace'
  > & {
    /** A pool of its own, so that releases do not wait for connections that claims use. */
    releasePool: pg.Pool;
    limiter: AttemptLimiter;
    /** Called when a workflow's whole batch is claimed or released: the dispatcher may start another workflow. */
    onClaimed: (owner: string) => void;
  };

export type AttemptEngine = {
  /** Claims, POSTs and records. Returns by `giveUpAt` (performance.now()), with the outcomes that it could not record. */
  run(due: DeliveryStep[], owner: string, giveUpAt: number): Promise<AttemptReport>;
  /**
   * Attempts a delivery that was stored with an open claim of this process. No activity waits for it, so the outcome is
   * recorded whenever Postgres is available again. Never rejects.
   */
  attemptClaimed(claimed: ClaimedDelivery, owner: string): Promise<AttemptResult>;
  /** Releases a claim of this process for which no request was sent. */
  releaseClaim(claim: ReleasableClaim): Promise<void>;
  /** Records the outcomes that `run` could not. Throws while Postgres is down. */
  recordLate(unrecorded: UnrecordedAttempt[], owner: string): Promise<DeliveryResult[]>;
};

/** The attempt itself, without Temporal: claim, sign, POST, classify, record. */
export function createAttemptEngine(deps: AttemptEngineDependencies): AttemptEngine {
  const { pool, releasePool, limiter, recorder, releaser } = deps;
  const { onClaimed, onFailure, maxWorkflowWaitMs, now } = deps;
  const inFlight = new InFlightAttempts();
  const attemptClaims = createAttemptClaims({
    ...deps,
    readResult,
    isInLine: (receiver) => line.isUnderWay(receiver),
  });
  const claimAndAttempt = createClaimAndAttempt({
    ...deps,
    attemptClaims,
    isStillWorkedOn: (owner, claim) =>
      inFlight.hasOtherOwner(owner, claim.id) || releaser.isPending(claim.id) || recorder.isPending(claim),
    readResult,
    releaseUnclaimed,
  });
  const line = createAttemptLine({ ...deps, claimAndAttempt, releaseUnclaimed });

  async function run(due: DeliveryStep[], owner: string, giveUpAt: number): Promise<AttemptReport> {
    const resumed = due.flatMap(({ id }) => inFlight.find(owner, id) ?? []);
    const fresh = due.filter(({ id }) => !inFlight.find(owner, id));
    const started = [...Map.groupBy(fresh, ({ orderedFor }) => orderedFor)].flatMap(([receiver, steps]) =>
      start(steps, receiver, owner, giveUpAt),
    );
    const results = await Promise.all([...resumed, ...started]);
    const report: AttemptReport = { results: [], unrecorded: [] };
    for (const result of results) {
      if (result.kind === 'unrecorded') report.unrecorded.push(result.attempt);
      else report.results.push(minusElapsed(result.result, performance.now() - result.endedAt));
    }
    return report;
  }

  /** Registers an attempt per delivery before any is claimed, so that a repeated run finds them from now on. */
  function start(
    steps: DeliveryStep[],
    orderedFor: string | undefined,
    owner: string,
    giveUpAt: number,
  ): Promise<AttemptResult>[] {
    const attempts = orderedFor
      ? line.attempt(steps, orderedFor, owner, giveUpAt)
      : attemptAll(steps, owner, giveUpAt);
    const all = attempts.then((results) => new Map(results.map((result) => [idOf(result), result])));
    return steps.map(({ id, step }) =>
      inFlight.add(
        owner,
        id,
        all.then((results) => results.get(id) ?? resultNow(retrySoon(id, step))),
      ),
    );
  }

  /** Claims in batches, as slots become free. Throws only if no attempt is in flight. */
  async function attemptAll(
    steps: DeliveryStep[],
    owner: string,
    giveUpAt: number,
  ): Promise<AttemptResult[]> {
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
    return (await Promise.all(batches)).flat();
  }

  /** Returns unclaimed deliveries to the queue in Postgres. */
  async function releaseUnclaimed(
    steps: DeliveryStep[],
    owner: string,
    giveUpAt: number,
  ): Promise<AttemptResult[]> {
    const ids = steps.map(({ id }) => id);
    const released = await repeatUntilSuccess(
      () => releaseUnstarted(releasePool, owner, ids),
      giveUpAt,
      (error) => onFailure(error, null),
    );
    const releasedIds = new Set(released);
    return steps.map(({ id, step }) =>
      resultNow(releasedIds.has(id) ? { id, kind: 'released' } : retrySoon(id, step)),
    );
  }

  async function readResult(
    id: string,
    step: number,
    owner: string,
    giveUpAt: number,
  ): Promise<DeliveryResult> {
    const deliveryResults = await repeatUntilSuccess(
      () => readDeliveryResults(pool, owner, [id]),
      giveUpAt,
      (error) => onFailure(error, id),
    );
    return deliveryResults?.[0] ?? retrySoon(id, step);
  }

  return {
    run,
    attemptClaimed: (claimed, owner) =>
      inFlight.add(
        owner,
        claimed.claim.id,
        attemptClaims([claimed], owner, performance.now() + FOREVER_MS).then(([result]) => result!),
      ),
    releaseClaim: async (claim) => void (await releaser.release(claim, performance.now() + FOREVER_MS)),
    recordLate: (unrecorded, owner) =>
      recordLate({ db: pool, recorder, maxWorkflowWaitMs, now }, unrecorded, owner),
  };
}

const idOf = (result: AttemptResult): string =>
  result.kind === 'result' ? result.result.id : result.attempt.id;
