import { setImmediate as nextTurn } from 'node:timers/promises';
import { unsignable } from '../egress/failure.ts';
import type { Outbound, OutboundResult } from '../egress/outbound.ts';
import type { DeliveryResult, UnrecordedAttempt } from '../policy/delivery-result.ts';
import { describeOutcome, type Lane } from '../policy/outcome.ts';
import { deserializePolicy, retryDelayMs } from '../policy/retry-policy.ts';
import type { Claim } from '../store/deliveries/claims/claim-deliveries.ts';
import type { Transition } from '../store/deliveries/transitions.ts';
import { isOutage } from '../store/postgres/database.ts';
import type { AttemptSlot } from './attempt-limiter.ts';
import type { ClaimReleaser } from './claim-releaser.ts';
import { resultAfter, retrySoon } from './delivery-results.ts';
import type {
  PreparedRequest,
  PrepareRequest,
  RecordedRequest,
  UnsignableRequest,
} from './prepare-request.ts';
import type { ReceiverWatch } from './receiver-watch.ts';
import { toPendingRecord, toUnrecordedAttempt } from './recording/attempt-records.ts';
import type { Recorder } from './recording/recorder.ts';

/** What got no turn comes again soon; what could not be signed waits for a person, and floods no log meanwhile. */
const AGAIN_AFTER_MS = 1_000;
const AGAIN_AFTER_OUR_FAULT_MS = 60_000;
/** Signing takes about a millisecond per megabyte: after this many bytes, everybody else gets a turn. */
const BYTES_IN_TURN = 2 * 1024 * 1024;

/** A claim, when it was sent, and until when its POST may begin (both performance.now()). */
export type ClaimedDelivery = { claim: Claim; slot: AttemptSlot; claimSentAt: number; startBy: number };

/** Where an attempted delivery stands, with the monotonic time from which its delay counts. */
export type AttemptResult =
  | { kind: 'result'; result: DeliveryResult; endedAt: number }
  | { kind: 'unrecorded'; attempt: UnrecordedAttempt };

/** There is no request yet, and none of it is the receiver's fault. */
type Later = { kind: 'later'; inMs: number };

type SentResult = Exclude<OutboundResult, { kind: 'not_started' }>;

export type AttemptDependencies = {
  outbound: Outbound;
  prepare: PrepareRequest;
  recorder: Recorder;
  releaser: ClaimReleaser;
  watch: ReceiverWatch;
  /** Where a delivery stands whose claim was not open any more. */
  readResult: (id: string, step: number, owner: string, giveUpAt: number) => Promise<DeliveryResult>;
  /** Told of the projects whose outcomes were written otherwise than by a record. */
  onOutcomes: (projectIds: Set<string>) => void;
  onAttempt: (claim: Claim, result: SentResult) => void;
  /** Told of deliveries whose last attempt has failed, once they are recorded as undeliverable. */
  onUndeliverable: (deliveries: Transition[]) => void;
  onFailure: (error: unknown, deliveryId: string | null) => void;
  random: () => number;
  /** Epoch milliseconds by Postgres's clock. */
  now: () => number;
};

/** Signs, POSTs, classifies and records what was claimed; each resolves when its own attempt is over. Never throws. */
export type AttemptClaims = (
  claims: ClaimedDelivery[],
  owner: string,
  giveUpAt: number,
) => Promise<AttemptResult[]>;

export function createAttemptClaims(deps: AttemptDependencies): AttemptClaims {
  const { outbound, prepare, recorder, releaser, watch, readResult } = deps;
  const { onOutcomes, onAttempt, onUndeliverable, onFailure, random, now } = deps;

  /** Never throws: the attempts beside it would be left unobserved, and be sent a second time. */
  async function attempt(claimed: ClaimedDelivery, owner: string, giveUpAt: number): Promise<AttemptResult> {
    const { claim, slot, claimSentAt, startBy } = claimed;
    const request = await prepareOrReport(claim);
    if (request.kind === 'later') return release(claim, owner, giveUpAt, claim.lane, request.inMs);
    if (request.kind === 'unsignable') return record(claim, owner, request, unsigned(now()), giveUpAt);
    slot.markStarted(performance.now() - claimSentAt);
    // A claim that took this long itself, or a profile, is nothing that the receiver did.
    if (performance.now() > startBy) return release(claim, owner, giveUpAt, claim.lane, AGAIN_AFTER_MS);
    const result = await postOrReport(claim, request, startBy);
    // The claim stays open: the next one here writes it off as unknown, and after a few of them uses up a step.
    if (!result) return resultNow(retrySoon(claim.id, claim.step));
    if (result.kind === 'not_started') {
      const lane = claim.lane === 'isolated' ? 'isolated' : 'slow';
      return release(claim, owner, giveUpAt, lane, AGAIN_AFTER_MS);
    }
    return record(claim, owner, request, result, giveUpAt);
  }

  async function postOrReport(
    claim: Claim,
    request: PreparedRequest,
    startBy: number,
  ): Promise<OutboundResult | null> {
    const watched = watch.begin(claim);
    try {
      const result = await outbound.post({
        url: request.url,
        headers: request.headers,
        body: request.body,
        timeoutMs: deserializePolicy(claim.policy).timeout * 1000,
        startBy,
        projectId: claim.projectId,
        poolKey: claim.receiver,
        onStart: watched.started,
      });
      watched.ended(result);
      return result;
    } catch (error) {
      onFailure(error, claim.id);
      return null;
    }
  }

  async function record(
    claim: Claim,
    owner: string,
    request: RecordedRequest,
    result: SentResult,
    giveUpAt: number,
  ): Promise<AttemptResult> {
    const endedAt = performance.now();
    onAttempt(claim, result);
    const delayMs = retryDelayMs(deserializePolicy(claim.policy), claim.step, random);
    const written = toPendingRecord(claim, request, result, delayMs === null ? null : endedAt + delayMs);
    const recorded = await recorder.record(written, giveUpAt);
    if (recorded.kind === 'unrecorded')
      return { kind: 'unrecorded', attempt: toUnrecordedAttempt(written, delayMs) };
    if (recorded.kind === 'superseded') {
      return resultNow(await readResult(claim.id, claim.step, owner, giveUpAt));
    }
    if (recorded.transition.status === 'undeliverable') onUndeliverable([recorded.transition]);
    const after = describeOutcome(written.outcome, written.statusCode);
    return { kind: 'result', result: resultAfter(recorded.transition, delayMs ?? 0, after), endedAt };
  }

  /** A secret that does not open, or a profile that is gone, is our fault: the delivery waits until it is mended. */
  async function prepareOrReport(claim: Claim): Promise<PreparedRequest | UnsignableRequest | Later> {
    try {
      return await prepare(claim);
    } catch (error) {
      onFailure(error, claim.id);
      return { kind: 'later', inMs: isOutage(error) ? AGAIN_AFTER_MS : AGAIN_AFTER_OUR_FAULT_MS };
    }
  }

  async function release(
    { id, epoch, step, projectId }: Claim,
    owner: string,
    giveUpAt: number,
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
    let bytesInTurn = 0;
    for (const claimed of claims) {
      attempts.push(attempt(claimed, owner, giveUpAt).finally(() => claimed.slot.release()));
      bytesInTurn += claimed.claim.body.length;
      if (bytesInTurn < BYTES_IN_TURN) continue;
      await nextTurn();
      bytesInTurn = 0;
    }
    return Promise.all(attempts);
  };
}

/** The outcome of an attempt for which nothing was sent, because nothing could be signed. */
const unsigned = (now: number): Extract<OutboundResult, { kind: 'failed' }> => ({
  kind: 'failed',
  ...unsignable,
  statusCode: null,
  resent: false,
  startedAt: new Date(now),
  durationMs: 0,
});

export const resultNow = (result: DeliveryResult): AttemptResult => ({
  kind: 'result',
  result,
  endedAt: performance.now(),
});
