import { setTimeout as sleep } from 'node:timers/promises';
import { unsignable } from '../egress/failure.ts';
import type { AttemptRequest, EndedResult, OutboundResult } from '../egress/outbound.ts';
import type { DeliveryResult, UnrecordedAttempt } from '../policy/delivery-result.ts';
import { describeOutcome, type Lane } from '../policy/outcome.ts';
import { SCHEDULE_OWNER } from '../policy/owner.ts';
import { deserializePolicy } from '../policy/retry-policy.ts';
import type { Claim } from '../store/deliveries/claims/claim-deliveries.ts';
import { isOutage } from '../store/postgres/database.ts';
import { afterAttempt } from './after-attempt.ts';
import type { AttemptSlot } from './attempt-limiter.ts';
import type { ClaimReleaser } from './claim-releaser.ts';
import { proxyDelayMs, RETRY_SOON_MS, resultAfter, retrySoon } from './delivery-results.ts';
import type { PreparedRequest, PrepareRequest, UnsignableRequest } from './prepare-request.ts';
import type { ReceiverMonitor } from './receiver-monitor.ts';
import { toPendingRecord, toUnrecordedAttempt } from './recording/attempt-records.ts';
import type { Recorder, RecordResult } from './recording/recorder.ts';
import { pendingRetry, type ReserveRetry, type RetryReservation } from './retry-reservation.ts';
import { startInTurns } from './start-in-turns.ts';
import type { TraceAttempt } from './trace-attempt.ts';

/** A person must fix a secret or a profile first, so retrying more often would only flood the log. */
const INTERNAL_ERROR_DELAY_MS = 60_000;

/** `claimSentAt`, and `startBy`, the latest start of the POST, are times of performance.now(). */
export type ClaimedDelivery = {
  claim: Claim;
  slot: AttemptSlot;
  claimSentAt: number;
  startBy: number;
  /** Set if no workflow carries the delivery: reserves one that makes the next attempt. */
  reserveRetry?: ReserveRetry;
};

/** A claimed delivery while it is attempted. `owner` carries it; `giveUpAt` is a time of performance.now(). */
type Attempt = ClaimedDelivery & { owner: string; giveUpAt: number };

/** The retry delay in `result` counts from `endedAt` (performance.now()). */
export type AttemptResult =
  | { kind: 'result'; result: DeliveryResult; endedAt: number }
  | { kind: 'unrecorded'; attempt: UnrecordedAttempt };

/** No request could be prepared, for a reason that is not the receiver's. */
type Postponed = { kind: 'postponed'; inMs: number };

export type AttemptDependencies = {
  /** Sends a request to its receiver. */
  outbound: { post(request: AttemptRequest): Promise<OutboundResult> };
  prepare: PrepareRequest;
  recorder: Recorder;
  releaser: ClaimReleaser;
  receiverMonitor: ReceiverMonitor;
  /** Reads the result of a delivery whose claim was no longer open. */
  readResult: (id: string, step: number, owner: string, giveUpAt: number) => Promise<DeliveryResult>;
  /** Whether the receiver's next delivery waits for each record of this one. */
  isInLine: (receiver: string) => boolean;
  /** Called with the projects whose outcomes were written other than by the recorder. */
  onOutcomes: (projectIds: Set<string>) => void;
  onAttempt: (claim: Claim, result: EndedResult) => void;
  /** Undefined if attempts have no traces. */
  traceAttempt?: TraceAttempt | undefined;
  onFailure: (error: unknown, deliveryId: string | null) => void;
  /** A retry that is further away waits in Postgres, and no workflow waits for it. */
  maxWorkflowWaitMs: number;
  random: () => number;
  /** Milliseconds since the epoch by Postgres's clock. */
  now: () => number;
};

/** Signs, POSTs, classifies and records claimed deliveries. Resolves when all attempts have ended; never throws. */
export type AttemptClaims = (
  claims: ClaimedDelivery[],
  owner: string,
  giveUpAt: number,
) => Promise<AttemptResult[]>;

export function createAttemptClaims(deps: AttemptDependencies): AttemptClaims {
  const { outbound, prepare, recorder, releaser, receiverMonitor, readResult, isInLine } = deps;
  const { onOutcomes, onAttempt, onFailure, maxWorkflowWaitMs, random, now } = deps;

  /** Never throws: the other attempts of the batch would be abandoned and sent a second time. */
  async function runAttempt(attempt: Attempt): Promise<AttemptResult> {
    const { claim, slot, claimSentAt, startBy } = attempt;
    if (claim.startInMs !== null) {
      slot.markDeferred();
      await sleep(claim.startInMs);
    }
    const prepared = await prepareOrReport(claim);
    // The next claim ends it.
    if (claim.expiresAt && now() >= claim.expiresAt.getTime()) return release(attempt, claim.lane, 0);
    if (prepared.kind === 'postponed') return release(attempt, claim.lane, prepared.inMs);
    if (prepared.kind === 'unsignable') return record(attempt, prepared, unsigned(now()));
    slot.markStarted(performance.now() - claimSentAt);
    // Our own claim or profile took too long, so the delivery keeps its lane.
    if (performance.now() > startBy) return release(attempt, claim.lane, RETRY_SOON_MS);
    const traced = deps.traceAttempt?.(claim, prepared);
    const request = traced?.request ?? prepared;
    const result = await postOrReport(claim, request, startBy);
    traced?.end(result);
    // The claim stays open. The next claim records this attempt as unknown; several unknown attempts use up a step.
    if (!result || (result.kind === 'proxy_failed' && result.maybeSent))
      return resultNow(retrySoon(claim.id, claim.step));
    if (result.kind === 'not_started') {
      const lane = claim.lane === 'isolated' ? 'isolated' : 'restricted';
      return release(attempt, lane, RETRY_SOON_MS);
    }
    if (result.kind === 'proxy_failed')
      return release(attempt, claim.lane, proxyDelayMs(result.forMs, random));
    return record(attempt, request, result);
  }

  async function postOrReport(
    claim: Claim,
    request: PreparedRequest,
    startBy: number,
  ): Promise<OutboundResult | null> {
    const observation = receiverMonitor.begin(claim);
    try {
      const result = await outbound.post({
        url: request.url,
        headers: request.headers,
        body: request.body,
        timeoutMs: deserializePolicy(claim.policy).timeout * 1000,
        startBy,
        projectId: claim.projectId,
        poolKey: claim.receiver,
        tls: request.tls,
        oauth: request.oauth,
        delivery: { id: claim.id, attempt: claim.attempts + 1, event: claim.eventId, type: claim.type },
        onStart: observation.started,
      });
      observation.ended(result);
      return result;
    } catch (error) {
      onFailure(error, claim.id);
      return null;
    }
  }

  async function record(
    { claim, owner, giveUpAt, reserveRetry }: Attempt,
    request: PreparedRequest | UnsignableRequest,
    result: EndedResult,
  ): Promise<AttemptResult> {
    const endedAt = performance.now();
    onAttempt(claim, result);
    const { delayMs, ...after } = afterAttempt(claim, request, result, { random, now });
    const lastOutcome = describeOutcome(result.outcome, result.statusCode);
    const isRetried = result.outcome !== 'delivered' && delayMs !== null;
    const isScheduled = isRetried && delayMs > maxWorkflowWaitMs;
    const retry =
      isRetried && !isScheduled
        ? reserveRetry?.(pendingRetry(claim, { delayMs, endedAt, lastOutcome }))
        : undefined;
    const written = toPendingRecord(claim, request, result, {
      retryAt: delayMs === null ? null : endedAt + delayMs,
      ...after,
      nextOwner: isScheduled ? SCHEDULE_OWNER : (retry?.owner ?? null),
    });
    const recorded = await recorder.record({ ...written, isInLine: isInLine(claim.receiver) }, giveUpAt);
    if (retry) settleReservation(retry, recorded);
    if (recorded.kind === 'unrecorded')
      return { kind: 'unrecorded', attempt: toUnrecordedAttempt(written, delayMs) };
    if (recorded.kind === 'superseded') {
      return resultNow(await readResult(claim.id, claim.step, owner, giveUpAt));
    }
    return { kind: 'result', result: resultAfter(recorded.transition, delayMs ?? 0, lastOutcome), endedAt };
  }

  /** A secret that cannot be decrypted or a missing profile is not the receiver's fault: the delivery is postponed. */
  async function prepareOrReport(claim: Claim): Promise<PreparedRequest | UnsignableRequest | Postponed> {
    try {
      return await prepare(claim);
    } catch (error) {
      onFailure(error, claim.id);
      return { kind: 'postponed', inMs: isOutage(error) ? RETRY_SOON_MS : INTERNAL_ERROR_DELAY_MS };
    }
  }

  async function release(
    { claim: { id, epoch, step, projectId }, owner, giveUpAt }: Attempt,
    lane: Lane,
    dueInMs: number,
  ): Promise<AttemptResult> {
    const released = await releaser.release({ id, epoch, lane, dueInMs }, giveUpAt);
    if (released === null) return resultNow(retrySoon(id, step));
    if (released === 'superseded') return resultNow(await readResult(id, step, owner, giveUpAt));
    if (released.kind === 'released') return resultNow({ id, kind: 'released' });
    onOutcomes(new Set([projectId]));
    return resultNow({ id, kind: 'cancelled', lastOutcome: 'cancelled' });
  }

  return async (claims, owner, giveUpAt) => {
    const attempts: Promise<AttemptResult>[] = [];
    await startInTurns(claims, (claimed) => {
      attempts.push(runAttempt({ ...claimed, owner, giveUpAt }).finally(() => claimed.slot.release()));
    });
    return Promise.all(attempts);
  };
}

function settleReservation(retry: RetryReservation, recorded: RecordResult): void {
  if (recorded.kind !== 'recorded') retry.release(true);
  else if (recorded.transition.status === 'retrying' && recorded.transition.owner === retry.owner)
    retry.commit();
  else retry.release(false);
}

/** The outcome of an attempt that sent nothing, because no secret can sign it. */
const unsigned = (now: number): Extract<OutboundResult, { kind: 'failed' }> => ({
  kind: 'failed',
  ...unsignable,
  statusCode: null,
  resent: false,
  startedAt: new Date(now),
  durationMs: 0,
});

/** The result of an attempt that ends now. */
export const resultNow = (result: DeliveryResult): AttemptResult => ({
  kind: 'result',
  result,
  endedAt: performance.now(),
});
