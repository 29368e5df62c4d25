import type { DeliveryResult, DeliveryStep } from '../src/policy/delivery-result.ts';
import { formatDuration } from '../src/policy/duration.ts';
import type { FinalStatus } from '../src/policy/outcome.ts';
import { plannedAttempts } from '../src/policy/planned-attempts.ts';
import {
  CLAIM_TOLERANCE_MS,
  hasDelayShorterThanTimeout,
  maxAttempts,
  type RetryPolicy,
} from '../src/policy/retry-policy.ts';
import type { DeliveryAtStart, DeliverySummary, Progress } from './contract.ts';

type State =
  | { kind: 'waiting'; dueAt: number; lastOutcome: string }
  /** `requested` is set by a signal that arrived during the attempt; it is applied with the attempt's result. */
  | { kind: 'attempting'; requested: 'retry' | 'cancel' | null }
  /** `dueAt`: it waits in Postgres for its next attempt. */
  | { kind: FinalStatus | 'released'; lastOutcome: string; dueAt?: number };

type Entry = DeliveryStep & { state: State };

/** Rows in the current details; the other deliveries are only counted. */
const MAX_DETAIL_ROWS = 25;

/**
 * The state of each delivery of a workflow: waiting, attempting, or settled. Pure: `now` is a parameter in milliseconds
 * since the epoch, and no method waits.
 */
export class DeliveryTracker {
  private readonly policy: RetryPolicy;
  private readonly entries = new Map<string, Entry>();
  private changed = false;
  private hasRetriedAny = false;

  constructor(policy: RetryPolicy, deliveries: DeliveryAtStart[], now: number) {
    this.policy = policy;
    for (const { id, step, orderedFor, retry = { dueInMs: 0, lastOutcome: '' } } of deliveries) {
      const state = { kind: 'waiting', dueAt: now + retry.dueInMs, lastOutcome: retry.lastOutcome } as const;
      this.entries.set(id, { id, step, ...(orderedFor && { orderedFor }), state });
    }
    this.hasRetriedAny = deliveries.some(({ retry }) => retry !== undefined);
  }

  isOpen(): boolean {
    return [...this.entries.values()].some(
      ({ state }) => state.kind === 'waiting' || state.kind === 'attempting',
    );
  }

  /** Whether a result or a signal has changed what is due since the last `takeDue`. */
  hasChanged(): boolean {
    return this.changed;
  }

  /**
   * Marks the due deliveries as attempting and returns them, one list per activity. First attempts and retries are
   * separate because they use different task queues. If a delay is shorter than the timeout, each delivery has an
   * activity of its own. So have the deliveries of an ordered endpoint, which are attempted one after the other.
   */
  takeDue(now: number): DeliveryStep[][] {
    this.changed = false;
    const due = [...this.entries.values()].filter(
      ({ state }) => state.kind === 'waiting' && state.dueAt <= now,
    );
    for (const entry of due) entry.state = { kind: 'attempting', requested: null };
    const all = due.map(({ state: _, ...step }): DeliveryStep => step);
    const lines = Map.groupBy(all, ({ orderedFor }) => orderedFor);
    const steps = lines.get(undefined) ?? [];
    lines.delete(undefined);
    if (hasDelayShorterThanTimeout(this.policy)) return [...steps.map((step) => [step]), ...lines.values()];
    const batches = [steps.filter(({ step }) => step === 0), steps.filter(({ step }) => step > 0)];
    return [...batches.filter((batch) => batch.length > 0), ...lines.values()];
  }

  /** Milliseconds until the next delivery is due, at least 1; undefined if no delivery is waiting. */
  msUntilNextDue(now: number): number | undefined {
    const next = this.nextWaiting();
    return next ? Math.max(1, next.dueAt - now) : undefined;
  }

  /** The timer's summary in the Web UI, such as `retry in 30m after 503`. */
  describeNext(now: number): string {
    const next = this.nextWaiting();
    if (!next) return 'attempts in flight';
    return `retry in ${formatDuration(Math.max(1, Math.round((next.dueAt - now) / 1000)))} after ${next.lastOutcome}`;
  }

  /** Applies the results of an activity, and the signals that arrived while it ran. */
  apply(results: DeliveryResult[], now: number): void {
    this.changed = true;
    for (const result of results) {
      const entry = this.entryOf(result.id);
      if (result.kind === 'waiting') {
        this.hasRetriedAny = true;
        const requested = entry.state.kind === 'attempting' ? entry.state.requested : null;
        // Postgres would accept a claim this early, and the retry would cut the policy's delay short.
        const isNearlyDue = result.dueInMs <= CLAIM_TOLERANCE_MS;
        const inMs = requested === 'retry' && !isNearlyDue ? 0 : result.dueInMs;
        entry.step = result.step;
        entry.state =
          requested === 'cancel'
            ? { kind: 'cancelled', lastOutcome: result.lastOutcome }
            : { kind: 'waiting', dueAt: now + inMs, lastOutcome: result.lastOutcome };
      } else if (result.kind === 'released') {
        const { step = entry.step, dueInMs, lastOutcome = '' } = result.next ?? {};
        entry.step = step;
        entry.state = {
          kind: 'released',
          lastOutcome,
          ...(dueInMs !== undefined && { dueAt: now + dueInMs }),
        };
      } else {
        entry.state = { kind: result.kind, lastOutcome: result.lastOutcome };
      }
    }
  }

  /**
   * Handles the signal `retryNow`. A delivery in flight is retried once its result arrives; an unknown one is attempted
   * now. The claim decides in Postgres whether it is due.
   */
  makeDue(ids: string[], now: number): void {
    for (const id of ids) {
      const entry = this.entryOf(id);
      if (entry.state.kind === 'attempting') {
        entry.state.requested ??= 'retry';
      } else if (entry.state.kind === 'waiting' || entry.state.kind === 'released') {
        entry.state = { kind: 'waiting', dueAt: now, lastOutcome: 'retry request' };
        this.changed = true;
      }
    }
  }

  /** Handles the signal `cancel`. Postgres has cancelled the delivery already, unless an attempt is in flight. */
  cancel(ids: string[]): void {
    for (const id of ids) {
      const entry = this.entries.get(id);
      if (entry?.state.kind === 'attempting') {
        entry.state.requested = 'cancel';
      } else if (entry?.state.kind === 'waiting') {
        entry.state = { kind: 'cancelled', lastOutcome: entry.state.lastOutcome };
        this.changed = true;
      }
    }
  }

  /** Handles the signal `release`: Postgres has taken over what waits here, except the `kept` deliveries. */
  release(kept: string[]): void {
    for (const { id, state } of this.entries.values()) {
      if (state.kind !== 'waiting' || kept.includes(id)) continue;
      this.entryOf(id).state = { ...state, kind: 'released' };
      this.changed = true;
    }
  }

  /** Whether any delivery has failed an attempt and was to be retried. */
  hasRetried(): boolean {
    return this.hasRetriedAny;
  }

  /** The deliveries that wait, as the input of a workflow that carries them on. None may be in flight. */
  open(now: number): DeliveryAtStart[] {
    return [...this.entries.values()].flatMap(({ state, ...step }) => {
      if (state.kind !== 'waiting') return [];
      const { dueAt, lastOutcome } = state;
      return [{ ...step, retry: { dueInMs: Math.max(0, dueAt - now), lastOutcome } }];
    });
  }

  /** What became of the deliveries, together with those that settled before. */
  summary(before?: DeliverySummary): DeliverySummary {
    const summary = { delivered: 0, undeliverable: 0, cancelled: 0, released: 0, ...before };
    for (const { state } of this.entries.values()) {
      if (state.kind !== 'waiting' && state.kind !== 'attempting') summary[state.kind] += 1;
    }
    return summary;
  }

  progress(): Progress {
    return [...this.entries.values()].map(({ id, step, state }) => ({
      id,
      state: state.kind,
      step,
      dueAt: state.kind === 'waiting' ? new Date(state.dueAt).toISOString() : null,
    }));
  }

  /** The activity's summary: `attempt 3 of 5` for one delivery, `attempt 3 of 5, 12 deliveries` for several. */
  describeBatch(batch: DeliveryStep[]): string {
    const [first] = batch;
    const attempt = `attempt ${(first?.step ?? 0) + 1} of ${maxAttempts(this.policy)}`;
    return batch.length === 1 ? attempt : `${attempt}, ${batch.length} deliveries`;
  }

  /** A Markdown table for the current details in the Web UI. */
  formatTable(): string {
    const entries = [...this.entries.values()];
    const rows = entries.slice(0, MAX_DETAIL_ROWS).map(({ id, step, state }) => {
      const dueAt = dueAtOf(state);
      const next = dueAt === undefined ? '' : new Date(dueAt).toISOString();
      const last = state.kind === 'attempting' ? '' : state.lastOutcome;
      return `| ${id} | ${state.kind} | ${step + 1} of ${maxAttempts(this.policy)} | ${last} | ${next} |`;
    });
    const more = entries.length > MAX_DETAIL_ROWS ? [`\n… and ${entries.length - MAX_DETAIL_ROWS} more`] : [];
    const head = ['| delivery | state | attempt | last | next |', '|---|---|---|---|---|'];
    return [...head, ...rows, ...more, ...this.formatPlan()].join('\n');
  }

  /** The attempts that are left, if there is one delivery, and it waits for a retry. */
  private formatPlan(): string[] {
    const [only] = this.entries.size === 1 ? this.entries.values() : [];
    const dueAt = only && dueAtOf(only.state);
    if (dueAt === undefined || only!.step === 0) return [];
    const planned = plannedAttempts(this.policy, only!.step, dueAt);
    const rows = planned.map(
      ({ step, at }) => `| ${step + 1} of ${maxAttempts(this.policy)} | ${new Date(at).toISOString()} |`,
    );
    return ['', '| attempt | at the earliest |', '|---|---|', ...rows];
  }

  private nextWaiting(): { dueAt: number; lastOutcome: string } | undefined {
    let next: { dueAt: number; lastOutcome: string } | undefined;
    for (const { state } of this.entries.values()) {
      if (state.kind === 'waiting' && (!next || state.dueAt < next.dueAt)) next = state;
    }
    return next;
  }

  private entryOf(id: string): Entry {
    let entry = this.entries.get(id);
    if (!entry) {
      entry = { id, step: 0, state: { kind: 'released', lastOutcome: '' } };
      this.entries.set(id, entry);
    }
    return entry;
  }
}

/** When the next attempt is due; undefined if none is planned, or one is in flight. */
const dueAtOf = (state: State): number | undefined => (state.kind === 'attempting' ? undefined : state.dueAt);
