import type pg from 'pg';
import { unsignable } from '../src/egress/failure.ts';
import type { Outbound, OutboundResult } from '../src/egress/outbound.ts';
import type { Lane } from '../src/policy/outcome.ts';
import { delayAfter, policyFromText } from '../src/policy/retry-policy.ts';
import type { DeliveryStep, Standing, UnrecordedAttempt } from '../src/policy/standing.ts';
import { readStandings, resolveExceptions } from '../src/store/claim-exceptions.ts';
import { type Claim, claimDeliveries } from '../src/store/claims.ts';
import { isOutage } from '../src/store/database.ts';
import { giveBackClaims } from '../src/store/give-back.ts';
import type { Moved } from '../src/store/settlement.ts';
import type { AttemptReport } from '../workflows/contract.ts';
import { codesOf, lateRecordOf, recordOf } from './attempt-records.ts';
import { keepTrying } from './keep-trying.ts';
import type { PreparedRequest, PrepareRequest, ShownRequest, UnsignableRequest } from './prepare-request.ts';
import type { ReceiverWatch } from './receiver-watch.ts';
import type { Recorder } from './recorder.ts';
import { aged, comeAgain, inWords, standingAfter } from './standings.ts';

/** No POST begins later than this after its claim was sent: a cancel that was answered must hold. */
const START_WITHIN_MS = 1_000;
/** What got no turn comes again soon; what could not be signed waits for a person, and floods no log meanwhile. */
const AGAIN_AFTER_MS = 1_000;
const AGAIN_AFTER_OUR_FAULT_MS = 60_000;
/** `recordLate` tries this long before it leaves the next try to Temporal. */
const RECORD_LATE_WITHIN_MS = 30_000;

export type AttemptEngineDependencies = {
  pool: pg.Pool;
  /** Who claims. Throws until others can see that this process lives: they would write its claims off. */
  processId: () => string;
  outbound: Outbound;
  prepare: PrepareRequest;
  recorder: Recorder;
  watch: ReceiverWatch;
  /** Told when a workflow has claimed its deliveries: the dispatcher may start another. */
  onClaimed: (owner: string) => void;
  /** Told of the projects whose outcomes were written otherwise than by a record. */
  onOutcomes: (projectIds: Set<string>) => void;
  onAttempt: (claim: Claim, result: Exclude<OutboundResult, { kind: 'not_started' }>) => void;
  /** Told of deliveries whose last attempt has failed, once they are recorded as undeliverable. */
  onUndeliverable: (deliveries: Moved[]) => void;
  onFailure: (error: unknown, deliveryId: string | null) => void;
  random: () => number;
  /** Epoch milliseconds by Postgres's clock. */
  now: () => number;
};

export type AttemptEngine = {
  /** Claims, POSTs and records; returns by `giveUpAt` (performance.now()), with what Postgres did not take. */
  run(due: DeliveryStep[], owner: string, giveUpAt: number): Promise<AttemptReport>;
  /** Writes what `run` could not; throws while Postgres is away. */
  recordLate(unrecorded: UnrecordedAttempt[], owner: string): Promise<Standing[]>;
};

/** A claim, and until when (performance.now()) its POST may begin. */
type Claimed = { claim: Claim; startBy: number };

/** There is no request yet, and none of it is the receiver's fault. */
type Later = { kind: 'later'; inMs: number };

/** Where an attempted delivery stands, with the monotonic time from which its delay counts. */
type Attempted =
  | { kind: 'standing'; standing: Standing; endedAt: number }
  | { kind: 'unrecorded'; attempt: UnrecordedAttempt };

/** What an attempt does, without Temporal: claim, sign, POST, classify, record. */
export function createAttemptEngine(deps: AttemptEngineDependencies): AttemptEngine {
  const { pool, outbound, prepare, recorder, watch, onClaimed, onOutcomes, onAttempt, onFailure, random } =
    deps;
  const { onUndeliverable, processId, now } = deps;

  const msSinceEnd = ({ startedAt, durationMs }: UnrecordedAttempt): number =>
    now() - (Date.parse(startedAt) + durationMs);

  // Temporal reruns an activity of which it heard nothing for 10 s, although this process lives: its attempts are
  // waited for here, not written off and sent again.
  const underWay = new Map<string, Promise<Attempted>>();
  const keyOf = (owner: string, id: string): string => `${owner} ${id}`;

  async function run(due: DeliveryStep[], owner: string, giveUpAt: number): Promise<AttemptReport> {
    const resumed = due.flatMap(({ id }) => underWay.get(keyOf(owner, id)) ?? []);
    const fresh = due.filter(({ id }) => !underWay.has(keyOf(owner, id)));
    const plain = fresh.length === 0 ? [] : await claimRound(fresh, owner);
    onClaimed(owner);
    const claimed = new Set(plain.map(({ claim }) => claim.id));
    const rest = fresh.filter(({ id }) => !claimed.has(id));
    // Side by side: telling the rest apart, row by row, must not use up the second in which the plain ones may start.
    const [first, others, before] = await Promise.all([
      attemptAll(plain, owner, giveUpAt),
      rest.length === 0 ? [] : attemptRest(rest, owner, giveUpAt, plain.length + resumed.length === 0),
      Promise.all(resumed),
    ]);
    const report: AttemptReport = { standings: [], unrecorded: [] };
    for (const one of [...first, ...others, ...before]) {
      if (one.kind === 'unrecorded') report.unrecorded.push(one.attempt);
      else report.standings.push(aged(one.standing, one.endedAt));
    }
    return report;
  }

  async function claimRound(steps: DeliveryStep[], owner: string): Promise<Claimed[]> {
    const startBy = performance.now() + START_WITHIN_MS;
    const claims = await claimDeliveries(pool, owner, steps, processId());
    return claims.map((claim) => ({ claim, startBy }));
  }

  const attemptAll = (claims: Claimed[], owner: string, giveUpAt: number): Promise<Attempted[]> =>
    Promise.all(
      claims.map((one) => {
        const key = keyOf(owner, one.claim.id);
        const attempted = attempt(one, owner, giveUpAt).finally(() => underWay.delete(key));
        underWay.set(key, attempted);
        return attempted;
      }),
    );

  /** Tells apart what was not plain, and attempts what may be sent. Throws only if nothing else is under way. */
  async function attemptRest(
    rest: DeliveryStep[],
    owner: string,
    giveUpAt: number,
    mayThrow: boolean,
  ): Promise<Attempted[]> {
    let standings: Standing[];
    let claims: Claimed[] = [];
    let claimable: DeliveryStep[];
    try {
      const resolved = await resolveExceptions(pool, owner, rest, random);
      ({ standings, claimable } = resolved);
      if (resolved.projectIds.size > 0) onOutcomes(resolved.projectIds);
      if (resolved.undeliverable.length > 0) onUndeliverable(resolved.undeliverable);
      if (claimable.length > 0) claims = await claimRound(claimable, owner);
    } catch (error) {
      if (mayThrow) throw error;
      onFailure(error, null);
      return rest.map(({ id, step }) => standingNow(comeAgain(id, step)));
    }
    const claimed = new Set(claims.map(({ claim }) => claim.id));
    const changedMeanwhile = claimable.filter(({ id }) => !claimed.has(id));
    const [attempted, changed] = await Promise.all([
      attemptAll(claims, owner, giveUpAt),
      Promise.all(changedMeanwhile.map(({ id, step }) => standingOf(id, step, owner, giveUpAt))),
    ]);
    return [...standings.map(standingNow), ...attempted, ...changed.map(standingNow)];
  }

  /** Never throws: the attempts beside it would be left unobserved, and be sent a second time. */
  async function attempt({ claim, startBy }: Claimed, owner: string, giveUpAt: number): Promise<Attempted> {
    const request = await prepareOrReport(claim);
    if (request.kind === 'later') {
      return giveBack(claim, owner, giveUpAt, { lane: claim.lane, inMs: request.inMs });
    }
    if (request.kind === 'unsignable') return record(claim, owner, request, unsigned(now()), giveUpAt);
    // A claim that took this long itself, or a profile, is nothing that the receiver did.
    if (performance.now() > startBy) {
      return giveBack(claim, owner, giveUpAt, { lane: claim.lane, inMs: AGAIN_AFTER_MS });
    }
    const result = await postOrReport(claim, request, startBy);
    // The claim stays open: the next one writes it off as unknown, and after a few of them uses up a step.
    if (!result) return standingNow(comeAgain(claim.id, claim.step));
    if (result.kind === 'not_started') {
      const lane = claim.lane === 'alone' ? 'alone' : 'slow';
      return giveBack(claim, owner, giveUpAt, { lane, inMs: AGAIN_AFTER_MS });
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
    result: Exclude<OutboundResult, { kind: 'not_started' }>,
    giveUpAt: number,
  ): Promise<Attempted> {
    const endedAt = performance.now();
    onAttempt(claim, result);
    const delayMs = delayAfter(policyFromText(claim.policy), claim.step, random);
    const written = recordOf(claim, owner, request, result, delayMs === null ? null : endedAt + delayMs);
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

  async function giveBack(
    { id, epoch, step, projectId }: Claim,
    owner: string,
    giveUpAt: number,
    to: { lane: Lane; inMs: number },
  ): Promise<Attempted> {
    const given = await keepTrying(
      () => giveBackClaims(pool, owner, [{ id, epoch }], to),
      giveUpAt,
      (error) => onFailure(error, id),
    );
    if (given === null) return standingNow(comeAgain(id, step));
    const [mine] = given;
    // Given back before, with an answer that was lost, or the claim was another's by then.
    if (!mine) return standingNow(await standingOf(id, step, owner, giveUpAt));
    if (mine.kind === 'released') return standingNow({ id, kind: 'released' });
    onOutcomes(new Set([projectId]));
    return standingNow({ id, kind: 'cancelled', after: 'cancelled' });
  }

  async function standingOf(id: string, step: number, owner: string, giveUpAt: number): Promise<Standing> {
    const standings = await keepTrying(
      () => readStandings(pool, owner, [id]),
      giveUpAt,
      (error) => onFailure(error, id),
    );
    return standings?.[0] ?? comeAgain(id, step);
  }

  async function recordLate(unrecorded: UnrecordedAttempt[], owner: string): Promise<Standing[]> {
    const giveUpAt = performance.now() + RECORD_LATE_WITHIN_MS;
    const results = await Promise.all(
      unrecorded.map((attempt) =>
        recorder.record(lateRecordOf(attempt, owner, msSinceEnd(attempt)), giveUpAt),
      ),
    );
    if (results.some(({ kind }) => kind === 'unrecorded')) throw new Error('the database is still away');
    const superseded = unrecorded.filter((_, place) => results[place]!.kind === 'superseded');
    const standings = await readStandings(
      pool,
      owner,
      superseded.map(({ id }) => id),
    );
    for (const [place, attempt] of unrecorded.entries()) {
      const result = results[place]!;
      if (result.kind !== 'moved') continue;
      if (result.moved.status === 'undeliverable') onUndeliverable([result.moved]);
      const leftMs = Math.max(0, (attempt.delayMs ?? 0) - Math.floor(msSinceEnd(attempt) / 1000) * 1000);
      standings.push(standingAfter(result.moved, leftMs, inWords(attempt.outcome, attempt.statusCode)));
    }
    return standings;
  }

  return { run, recordLate };
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

const standingNow = (standing: Standing): Attempted => ({
  kind: 'standing',
  standing,
  endedAt: performance.now(),
});
