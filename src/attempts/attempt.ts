import { setImmediate as nextTurn } from 'node:timers/promises';
import { unsignable } from '../egress/failure.ts';
import type { Outbound, OutboundResult } from '../egress/outbound.ts';
import type { Standing, UnrecordedAttempt } from '../policy/delivery-result.ts';
import type { Lane } from '../policy/outcome.ts';
import { delayAfter, policyFromText } from '../policy/retry-policy.ts';
import type { Claim } from '../store/deliveries/claims.ts';
import type { Moved } from '../store/deliveries/settlement.ts';
import { isOutage } from '../store/postgres/database.ts';
import type { AttemptSlot } from './attempt-limiter.ts';
import type { ClaimReleaser } from './claim-releaser.ts';
import { comeAgain, inWords, standingAfter } from './delivery-results.ts';
import type { PreparedRequest, PrepareRequest, ShownRequest, UnsignableRequest } from './prepare-request.ts';
import type { ReceiverWatch } from './receiver-watch.ts';
import { codesOf, recordOf } from './recording/attempt-records.ts';
import type { Recorder } from './recording/recorder.ts';

/** What got no turn comes again soon; what could not be signed waits for a person, and floods no log meanwhile. */
const AGAIN_AFTER_MS = 1_000;
const AGAIN_AFTER_OUR_FAULT_MS = 60_000;
/** Signing takes about a millisecond per megabyte: after this many bytes, everybody else gets a turn. */
const BYTES_IN_TURN = 2 * 1024 * 1024;

/** A claim, when it was sent, and until when its POST may begin (both performance.now()). */
export type Claimed = { claim: Claim; slot: AttemptSlot; sentAt: number; startBy: number };

/** Where an attempted delivery stands, with the monotonic time from which its delay counts. */
export type Attempted =
  | { kind: 'standing'; standing: Standing; endedAt: number }
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
  standingOf: (id: string, step: number, owner: string, giveUpAt: number) => Promise<Standing>;
  /** Told of the projects whose outcomes were written otherwise than by a record. */
  onOutcomes: (projectIds: Set<string>) => void;
  onAttempt: (claim: Claim, result: SentResult) => void;
  /** Told of deliveries whose last attempt has failed, once they are recorded as undeliverable. */
  onUndeliverable: (deliveries: Moved[]) => void;
  onFailure: (error: unknown, deliveryId: string | null) => void;
  random: () => number;
  /** Epoch milliseconds by Postgres's clock. */
  now: () => number;
};

/** Signs, POSTs, classifies and records what was claimed; each resolves when its own attempt is over. Never throws. */
export type AttemptClaimed = (claims: Claimed[], owner: string, giveUpAt: number) => Promise<Attempted[]>;

export function createAttempt(deps: AttemptDependencies): AttemptClaimed {
  const { outbound, prepare, recorder, releaser, watch, standingOf } = deps;
  const { onOutcomes, onAttempt, onUndeliverable, onFailure, random, now } = deps;

  /** Never throws: the attempts beside it would be left unobserved, and be sent a second time. */
  async function attempt(claimed: Claimed, owner: string, giveUpAt: number): Promise<Attempted> {
    const { claim, slot, sentAt, startBy } = claimed;
    const request = await prepareOrReport(claim);
    if (request.kind === 'later') return release(claim, owner, giveUpAt, claim.lane, request.inMs);
    if (request.kind === 'unsignable') return record(claim, owner, request, unsigned(now()), giveUpAt);
    slot.began(performance.now() - sentAt);
    // A claim that took this long itself, or a profile, is nothing that the receiver did.
    if (performance.now() > startBy) return release(claim, owner, giveUpAt, claim.lane, AGAIN_AFTER_MS);
    const result = await postOrReport(claim, request, startBy);
    // The claim stays open: the next one here writes it off as unknown, and after a few of them uses up a step.
    if (!result) return standingNow(comeAgain(claim.id, claim.step));
    if (result.kind === 'not_started') {
      const lane = claim.lane === 'alone' ? 'alone' : 'slow';
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
        timeoutMs: policyFromText(claim.policy).timeout * 1000,
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
    request: ShownRequest,
    result: SentResult,
    giveUpAt: number,
  ): Promise<Attempted> {
    const endedAt = performance.now();
    onAttempt(claim, result);
    const delayMs = delayAfter(policyFromText(claim.policy), claim.step, random);
    const written = recordOf(claim, request, result, delayMs === null ? null : endedAt + delayMs);
    const recorded = await recorder.record(written, giveUpAt);
    if (recorded.kind === 'unrecorded') return { kind: 'unrecorded', attempt: codesOf(written, delayMs) };
    if (recorded.kind === 'superseded') {
      return standingNow(await standingOf(claim.id, claim.step, owner, giveUpAt));
    }
    if (recorded.moved.status === 'undeliverable') onUndeliverable([recorded.moved]);
    const after = inWords(written.outcome, written.statusCode);
    return { kind: 'standing', standing: standingAfter(recorded.moved, delayMs ?? 0, after), endedAt };
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
    inMs: number,
  ): Promise<Attempted> {
    const released = await releaser.release({ id, epoch, lane, inMs }, giveUpAt);
    if (released === null) return standingNow(comeAgain(id, step));
    if (released === 'superseded') return standingNow(await standingOf(id, step, owner, giveUpAt));
    if (released.kind === 'released') return standingNow({ id, kind: 'released' });
    onOutcomes(new Set([projectId]));
    return standingNow({ id, kind: 'cancelled', after: 'cancelled' });
  }

  return async (claims, owner, giveUpAt) => {
    const attempts: Promise<Attempted>[] = [];
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

export const standingNow = (standing: Standing): Attempted => ({
  kind: 'standing',
  standing,
  endedAt: performance.now(),
});
