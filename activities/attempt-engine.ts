import type pg from 'pg';
import type { Outbound, OutboundResult } from '../src/egress/outbound.ts';
import { attemptsIn, delayAfter, policyFromText } from '../src/policy/retry-policy.ts';
import type { DeliveryStep, Standing, UnrecordedAttempt } from '../src/policy/standing.ts';
import { readStandings, resolveExceptions } from '../src/store/claim-exceptions.ts';
import { type Claim, claimDeliveries, giveBackClaims } from '../src/store/claims.ts';
import type { AttemptReport } from '../workflows/contract.ts';
import type { PreparedRequest, PrepareRequest } from './prepare-request.ts';
import type { ReceiverWatch } from './receiver-watch.ts';
import type { PendingRecord, Recorder } from './recorder.ts';

/** No POST begins later than this after its claim was sent: a cancel that was answered must hold. */
const START_WITHIN_MS = 1_000;

export type AttemptEngineDependencies = {
  pool: pg.Pool;
  outbound: Outbound;
  prepare: PrepareRequest;
  recorder: Recorder;
  watch: ReceiverWatch;
  /** Told when a workflow has claimed its deliveries: the dispatcher may start another. */
  onClaimed: (owner: string) => void;
  onAttempt: (claim: Claim, result: Exclude<OutboundResult, { kind: 'not_started' }>) => void;
  onFailure: (error: unknown, deliveryId: string | null) => void;
  random: () => number;
};

export type AttemptEngine = {
  /** Claims, POSTs and records; returns by `giveUpAt` (performance.now()), with what Postgres did not take. */
  run(due: DeliveryStep[], owner: string, giveUpAt: number): Promise<AttemptReport>;
  /** Writes what `run` could not; throws while Postgres is away. */
  recordLate(unrecorded: UnrecordedAttempt[], owner: string): Promise<Standing[]>;
};

/** Where an attempted delivery stands, with the monotonic time from which its delay counts. */
type Attempted =
  | { kind: 'standing'; standing: Standing; endedAt: number }
  | { kind: 'unrecorded'; attempt: UnrecordedAttempt };

/** What an attempt does, without Temporal: claim, sign, POST, classify, record. */
export function createAttemptEngine(deps: AttemptEngineDependencies): AttemptEngine {
  const { pool, outbound, prepare, recorder, watch, onClaimed, onAttempt, onFailure, random } = deps;

  async function run(due: DeliveryStep[], owner: string, giveUpAt: number): Promise<AttemptReport> {
    const { claims, standings } = await claim(due, owner);
    onClaimed(owner);
    const attempted = await Promise.all(
      claims.map(({ claim, startBy }) => attempt(claim, owner, startBy, giveUpAt)),
    );
    const report: AttemptReport = { standings, unrecorded: [] };
    for (const one of attempted) {
      if (one.kind === 'unrecorded') report.unrecorded.push(one.attempt);
      else report.standings.push(aged(one.standing, one.endedAt));
    }
    return report;
  }

  /** Claims what is plain; what is not is told apart, and claimed in a second round where it may be sent. */
  async function claim(due: DeliveryStep[], owner: string) {
    const plain = await claimRound(due, owner);
    const claimed = new Set(plain.map(({ claim }) => claim.id));
    const rest = due.filter(({ id }) => !claimed.has(id));
    if (rest.length === 0) return { claims: plain, standings: [] };
    const { standings, claimable } = await resolveExceptions(pool, owner, rest, random);
    if (claimable.length === 0) return { claims: plain, standings };
    const again = await claimRound(claimable, owner);
    const claimedNow = new Set(again.map(({ claim }) => claim.id));
    const changedMeanwhile = claimable.map(({ id }) => id).filter((id) => !claimedNow.has(id));
    return {
      claims: [...plain, ...again],
      standings: [...standings, ...(await readStandings(pool, owner, changedMeanwhile))],
    };
  }

  async function claimRound(steps: DeliveryStep[], owner: string) {
    const startBy = performance.now() + START_WITHIN_MS;
    const claims = await claimDeliveries(pool, owner, steps);
    return claims.map((claim) => ({ claim, startBy }));
  }

  async function attempt(claim: Claim, owner: string, startBy: number, giveUpAt: number): Promise<Attempted> {
    const request = prepareOrReport(claim);
    if (!request) return giveBack(claim, owner, claim.lane);
    const policy = policyFromText(claim.policy);
    const watched = watch.begin(claim);
    const result = await outbound.post({
      ...request,
      timeoutMs: policy.timeout * 1000,
      startBy,
      poolKey: `${claim.projectId} ${claim.lane}`,
      onStart: watched.started,
    });
    watched.ended(result);
    if (result.kind === 'not_started') return giveBack(claim, owner, 'slow');

    const endedAt = performance.now();
    onAttempt(claim, result);
    const delayMs = claim.step + 1 < attemptsIn(policy) ? delayAfter(policy, claim.step, random) : null;
    const record = recordOf(claim, owner, request, result, delayMs === null ? null : endedAt + delayMs);
    const recorded = await recorder.record(record, giveUpAt);
    if (recorded.kind === 'unrecorded') return { kind: 'unrecorded', attempt: codesOf(record, delayMs) };
    if (recorded.kind === 'superseded') {
      const [standing] = await readStandings(pool, owner, [claim.id]);
      return { kind: 'standing', standing: standing!, endedAt: performance.now() };
    }
    const { status, step } = recorded.moved;
    const after = inWords(record.outcome, record.statusCode);
    if (status === 'delivered' || status === 'undeliverable' || status === 'cancelled') {
      return { kind: 'standing', standing: { id: claim.id, kind: status, after }, endedAt };
    }
    return {
      kind: 'standing',
      standing: { id: claim.id, kind: 'waiting', step, dueInMs: delayMs ?? 0, after },
      endedAt,
    };
  }

  /** A secret that does not open, or a profile that is gone, is our fault: the delivery waits until it is mended. */
  function prepareOrReport(claim: Claim): PreparedRequest | null {
    try {
      return prepare(claim);
    } catch (error) {
      onFailure(error, claim.id);
      return null;
    }
  }

  async function giveBack(
    { id, epoch, step }: Claim,
    owner: string,
    lane: Claim['lane'],
  ): Promise<Attempted> {
    const endedAt = performance.now();
    const given = await giveBackClaims(pool, owner, [{ id, epoch }], lane);
    if (given.length === 1) return { kind: 'standing', standing: { id, kind: 'released' }, endedAt };
    // A cancel came meanwhile, or the claim is another's: the next claim of it will tell.
    return {
      kind: 'standing',
      standing: { id, kind: 'waiting', step, dueInMs: 1_000, after: 'no connection' },
      endedAt,
    };
  }

  async function recordLate(unrecorded: UnrecordedAttempt[], owner: string): Promise<Standing[]> {
    const attempted = await Promise.all(
      unrecorded.map(async (attempt): Promise<Standing> => {
        const sinceEnd = Date.now() - (Date.parse(attempt.startedAt) + attempt.durationMs);
        const recorded = await recorder.record(
          lateRecordOf(attempt, owner, sinceEnd),
          performance.now() + 30_000,
        );
        if (recorded.kind === 'unrecorded') throw new Error('the database is still away');
        if (recorded.kind === 'superseded') return (await readStandings(pool, owner, [attempt.id]))[0]!;
        const after = inWords(attempt.outcome, attempt.statusCode);
        const { id, status, step } = recorded.moved;
        if (status === 'delivered' || status === 'undeliverable' || status === 'cancelled')
          return { id, kind: status, after };
        return {
          id,
          kind: 'waiting',
          step,
          dueInMs: Math.max(0, (attempt.delayMs ?? 0) - Math.floor(sinceEnd / 1000) * 1000),
          after,
        };
      }),
    );
    return attempted;
  }

  return { run, recordLate };
}

/** Less the age in whole seconds: timers read 60 s and 300 s, and never fire before the delay is over. */
function aged(standing: Standing, endedAt: number): Standing {
  if (standing.kind !== 'waiting') return standing;
  const age = Math.floor((performance.now() - endedAt) / 1000) * 1000;
  return { ...standing, dueInMs: Math.max(0, standing.dueInMs - age) };
}

const inWords = (outcome: string, statusCode: number | null): string =>
  outcome === 'rejected' && statusCode !== null ? `${statusCode}` : outcome;

const bytes = (value: unknown): Buffer => Buffer.from(JSON.stringify(value), 'utf8');

function recordOf(
  claim: Claim,
  owner: string,
  request: PreparedRequest,
  result: Exclude<OutboundResult, { kind: 'not_started' }>,
  retryAt: number | null,
): PendingRecord {
  const answered = result.kind === 'answered';
  return {
    id: claim.id,
    epoch: claim.epoch,
    owner,
    projectId: claim.projectId,
    startedAt: result.startedAt,
    durationMs: Math.round(result.durationMs),
    outcome: result.outcome,
    statusCode: result.statusCode,
    resent: result.resent,
    requestUrl: request.url,
    requestHeaders: bytes(request.shownHeaders),
    responseHeaders: answered ? bytes(result.headers) : null,
    responseBody: answered ? result.body : null,
    responseTruncated: answered && result.truncated,
    errorCode: answered ? null : result.error.code,
    errorMessage: answered ? null : result.error.message,
    retryAt,
  };
}

const codesOf = (record: PendingRecord, delayMs: number | null): UnrecordedAttempt => ({
  id: record.id,
  epoch: record.epoch,
  outcome: record.outcome,
  statusCode: record.statusCode,
  startedAt: record.startedAt.toISOString(),
  durationMs: record.durationMs,
  resent: record.resent,
  delayMs,
});

const lateRecordOf = (attempt: UnrecordedAttempt, owner: string, sinceEndMs: number): PendingRecord => ({
  id: attempt.id,
  epoch: attempt.epoch,
  owner,
  projectId: '',
  startedAt: new Date(attempt.startedAt),
  durationMs: attempt.durationMs,
  outcome: attempt.outcome,
  statusCode: attempt.statusCode,
  resent: attempt.resent,
  requestUrl: null,
  requestHeaders: null,
  responseHeaders: null,
  responseBody: null,
  responseTruncated: false,
  errorCode: null,
  errorMessage: null,
  retryAt: attempt.delayMs === null ? null : performance.now() + attempt.delayMs - sinceEndMs,
});
