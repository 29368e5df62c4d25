import {
  COOL_DOWN_FAILURES,
  DEFAULT_FAILURE_RULES,
  FIRST_SPACING_MS,
  MAX_SPACING_MS,
} from '../../../src/policy/failure-rules.ts';
import {
  type EndpointLimits,
  MAX_LOST_MS,
  NO_LIMITS,
  PERMIT_AHEAD_MS,
  PERMIT_VALID_MS,
} from '../../../src/policy/pacing.ts';
import type { ReceiverInstruction } from '../../../src/policy/receiver-instruction.ts';
import type { EndpointAction } from '../../../src/store/endpoints/endpoint-status.ts';

/** What an endpoint has been told and has answered, and so what may be sent to it. Times are those of the project. */
export type EndpointModel = {
  status: 'active' | 'paused' | 'disabled' | 'gone';
  /** The plan of its consumer does not include webhooks. */
  isSuspended: boolean;
  limits: EndpointLimits;
  /** When what limits the endpoint last changed. */
  limitsSetAt: number;
  /** The receiver asked for silence until then. */
  notBefore: number;
  spacing: { ms: number; changedAt: number } | null;
  failures: { count: number; firstAt: number } | null;
  coolDown: { since: number; lastProbeAt: number | null } | null;
  /** The starts that the permits of all requests allowed. Two workflows may claim in another order. */
  permits: number[];
};

export const newModel = (): EndpointModel => ({
  status: 'active',
  isSuspended: false,
  limits: NO_LIMITS,
  limitsSetAt: 0,
  notBefore: 0,
  spacing: null,
  failures: null,
  coolDown: null,
  permits: [],
});

export function act(model: EndpointModel, action: EndpointAction): void {
  const next: Record<EndpointAction, () => EndpointModel['status']> = {
    pause: () => (model.status === 'active' ? 'paused' : model.status),
    resume: () => (model.status === 'paused' ? 'active' : model.status),
    disable: () => (model.status === 'gone' ? 'gone' : 'disabled'),
    enable: () => (model.status === 'paused' ? 'paused' : 'active'),
  };
  const status = next[action]();
  if (status === 'active' && model.status !== 'active') beginAnew(model);
  model.status = status;
}

/** The plan of the consumer is applied to the endpoint. */
export function suspend(model: EndpointModel, isSuspended: boolean): void {
  if (model.isSuspended && !isSuspended) beginAnew(model);
  model.isSuspended = isSuspended;
}

function beginAnew(model: EndpointModel): void {
  Object.assign(model, { notBefore: 0, spacing: null, failures: null, coolDown: null });
}

export function limit(model: EndpointModel, limits: EndpointLimits, now: number): void {
  model.limits = limits;
  model.limitsSetAt = now;
}

type Failure = { instruction: ReceiverInstruction; startedAt: number };
/** Postgres did it at some time in between, which depends on the load of the machine. */
type Within = { from: number; to: number };

export function fail(model: EndpointModel, { instruction, startedAt }: Failure, { from, to }: Within): void {
  const { failures, spacing } = model;
  model.failures = { count: (failures?.count ?? 0) + 1, firstAt: failures?.firstAt ?? from };
  const { count, firstAt } = model.failures;
  const isExhausted =
    count >= COOL_DOWN_FAILURES && to - firstAt >= DEFAULT_FAILURE_RULES.coolDownAfter * 1_000;
  if (isExhausted) model.coolDown ??= { since: from, lastProbeAt: null };
  if (instruction.kind === 'gone') model.status = 'gone';
  if (instruction.kind === 'wait') model.notBefore = Math.max(model.notBefore, from + instruction.ms);
  if (instruction.kind === 'slow_down' && startedAt > (spacing?.changedAt ?? 0))
    model.spacing = {
      ms: spacing ? Math.min(MAX_SPACING_MS, spacing.ms * 2) : FIRST_SPACING_MS,
      changedAt: to,
    };
}

/** A success is recorded: the failures in a row are over. */
export function recover(model: EndpointModel): void {
  model.failures = null;
}

/** What follows from a success, unless the process dies first. Then the next success does it, or a sweep. */
export function ease(model: EndpointModel, startedAt: number, now: number): void {
  endCoolDown(model);
  const { spacing } = model;
  if (spacing && startedAt > spacing.changedAt)
    model.spacing = spacing.ms < FIRST_SPACING_MS * 2 ? null : { ms: spacing.ms / 2, changedAt: now };
}

/** A sweep ends a cool-down that has no failures any more. */
export function endLeftOver(model: EndpointModel): void {
  if (!model.failures) endCoolDown(model);
}

function endCoolDown(model: EndpointModel): void {
  if (model.coolDown) Object.assign(model, { coolDown: null, notBefore: 0 });
}

/** A request that is about to start, not before `from` and about `at`. `underWay`: those to the same endpoint that have not ended. */
export type Send = {
  from: number;
  at: number;
  permittedAt: number | null;
  underWay: number;
  isHead: boolean;
};

/** For so long, a rate is counted. */
const WINDOW_MS = 10_000;

/** Clocks of two processes, and the time that a claim takes. */
const TOLERANCE_MS = 250;
/** A request was claimed before the other one had its answer, but starts later. */
const COOL_DOWN_TOLERANCE_MS = PERMIT_VALID_MS + TOLERANCE_MS;

/** The request that starts next to this one, before or after it: the time between both, and when the first of them starts. */
function nearestStart(permits: number[], permittedAt: number | null): { gap: number; first: number } {
  const none = { gap: Number.POSITIVE_INFINITY, first: 0 };
  if (permittedAt === null) return none;
  const pairs = permits.map((one) => ({
    gap: Math.abs(permittedAt - one),
    first: Math.min(permittedAt, one),
  }));
  return pairs.reduce((nearest, pair) => (pair.gap < nearest.gap ? pair : nearest), none);
}

/** Returns what is wrong with a request, and notes that it has been sent. */
export function send(model: EndpointModel, { from, at, permittedAt, underWay, isHead }: Send): string[] {
  const { status, isSuspended, limits, limitsSetAt, spacing, coolDown, permits, notBefore } = model;
  const { rate, concurrency, ordered } = limits;
  const interval = rate ? (rate.per === 'second' ? 1_000 : 60_000) / rate.limit : 0;
  const { gap, first } = nearestStart(permits, permittedAt);
  const followsChange = (changedAt: number) => first <= changedAt + PERMIT_AHEAD_MS;
  const isPaced = rate || concurrency !== null || ordered || spacing || coolDown || notBefore > at;
  const probeAt =
    coolDown && (coolDown.lastProbeAt ?? coolDown.since) + DEFAULT_FAILURE_RULES.probeEvery * 1_000;
  const before = permits.filter(
    (one) => one > permittedAt! - WINDOW_MS && one < permittedAt! && one > limitsSetAt + PERMIT_AHEAD_MS,
  );
  const most = (WINDOW_MS + MAX_LOST_MS) / interval + 1;
  const rules: Record<string, boolean> = {
    [`while the endpoint is ${status}`]: status !== 'active',
    'although the plan does not include webhooks': isSuspended,
    'although the receiver asked for silence': !coolDown && at < notBefore - 1,
    'before the next probe': probeAt !== null && at < probeAt - COOL_DOWN_TOLERANCE_MS,
    'without a permit': Boolean(isPaced) && permittedAt === null,
    'long after its permit':
      Boolean(isPaced) && from - (permittedAt ?? from) > PERMIT_VALID_MS + TOLERANCE_MS,
    'beyond the concurrency': concurrency !== null && underWay >= concurrency,
    'faster than twice the rate': rate !== null && gap < interval / 2 - 1 && !followsChange(limitsSetAt),
    'faster than the rate and a second that was lost': rate !== null && before.length > most,
    'faster than the receiver copes with':
      spacing !== null && gap < spacing.ms - 1 && !followsChange(spacing.changedAt),
    'while another one is under way in order': ordered && underWay > 0,
    'out of order': ordered && !isHead,
  };
  if (permittedAt !== null) permits.push(permittedAt);
  if (coolDown) coolDown.lastProbeAt = at;
  return Object.keys(rules).filter((rule) => rules[rule]);
}
