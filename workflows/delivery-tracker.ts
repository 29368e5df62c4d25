import type { DeliveryResult, DeliveryStep } from '../src/policy/delivery-result.ts';
import { formatDuration } from '../src/policy/duration.ts';
import { hasDelayShorterThanTimeout, maxAttempts, type RetryPolicy } from '../src/policy/retry-policy.ts';
import type { DeliverySummary, Progress } from './contract.ts';

type State =
  | { kind: 'waiting'; dueAt: number; lastOutcome: string }
  /** `asked` came by signal while the result was on its way: its row in Postgres had moved on by then. */
  | { kind: 'attempting'; requested: 'retry' | 'cancel' | null }
  | { kind: 'delivered' | 'undeliverable' | 'cancelled' | 'released'; lastOutcome: string };

type Entry = { id: string; step: number; state: State };

/** How many deliveries the current details list; the rest is a count. */
const DETAIL_ROWS = 25;
/** A retry this near is not brought forward: Postgres would take it as due, and a delay must not be cut short. */
const SOON_MS = 5_000;

/**
 * What a workflow has still to do: which deliveries are due, under way, waiting or over.
 * Pure: time comes in as milliseconds since the epoch, and nothing here waits.
 */
export class DeliveryTracker {
  private readonly policy: RetryPolicy;
  private readonly entries = new Map<string, Entry>();
  private changed = false;
  private anyRetried = false;

  constructor(policy: RetryPolicy, deliveries: DeliveryStep[], now: number) {
    this.policy = policy;
    for (const { id, step } of deliveries) {
      this.entries.set(id, { id, step, state: { kind: 'waiting', dueAt: now, lastOutcome: '' } });
    }
  }

  isOpen(): boolean {
    return [...this.entries.values()].some(
      ({ state }) => state.kind === 'waiting' || state.kind === 'attempting',
    );
  }

  /** True once after a report or a signal changed what is due; the loop then looks again. */
  hasChanged(): boolean {
    return this.changed;
  }

  /**
   * The deliveries to attempt now, each list in one activity. First attempts and retries are apart, since they
   * travel on different queues; with a delay shorter than the timeout each delivery travels by itself.
   */
  takeDue(now: number): DeliveryStep[][] {
    this.changed = false;
    const due = [...this.entries.values()].filter(
      ({ state }) => state.kind === 'waiting' && state.dueAt <= now,
    );
    for (const entry of due) entry.state = { kind: 'attempting', requested: null };
    const steps = due.map(({ id, step }) => ({ id, step }));
    if (hasDelayShorterThanTimeout(this.policy)) return steps.map((step) => [step]);
    const batches = [steps.filter(({ step }) => step === 0), steps.filter(({ step }) => step > 0)];
    return batches.filter((batch) => batch.length > 0);
  }

  /** Milliseconds until the next delivery is due; undefined when nothing waits for a time. */
  msUntilNextDue(now: number): number | undefined {
    const next = this.nextWaiting();
    return next ? Math.max(1, next.dueAt - now) : undefined;
  }

  /** The summary of the timer, as the Web UI shows it: `retry in 30m after 503`. */
  describeNext(now: number): string {
    const next = this.nextWaiting();
    if (!next) return 'attempts under way';
    return `retry in ${formatDuration(Math.max(1, Math.round((next.dueAt - now) / 1000)))} after ${next.lastOutcome}`;
  }

  apply(standings: DeliveryResult[], now: number): void {
    this.changed = true;
    for (const standing of standings) {
      const entry = this.entryOf(standing.id);
      if (standing.kind === 'waiting') {
        this.anyRetried = true;
        const asked = entry.state.kind === 'attempting' ? entry.state.requested : null;
        const inMs = asked === 'retry' && standing.dueInMs > SOON_MS ? 0 : standing.dueInMs;
        entry.step = standing.step;
        entry.state =
          asked === 'cancel'
            ? { kind: 'cancelled', lastOutcome: standing.lastOutcome }
            : { kind: 'waiting', dueAt: now + inMs, lastOutcome: standing.lastOutcome };
      } else {
        entry.state = {
          kind: standing.kind,
          lastOutcome: standing.kind === 'released' ? '' : standing.lastOutcome,
        };
      }
    }
  }

  /**
   * Signal `retryNow`. What is under way is asked for again once its result is here: the claim then sees in
   * Postgres whether it is due. So it does for one that is not known here.
   */
  makeDue(ids: string[], now: number): void {
    for (const id of ids) {
      const entry = this.entryOf(id);
      if (entry.state.kind === 'attempting') {
        entry.state.requested ??= 'retry';
      } else if (entry.state.kind === 'waiting' || entry.state.kind === 'released') {
        entry.state = { kind: 'waiting', dueAt: now, lastOutcome: 'a request' };
        this.changed = true;
      }
    }
  }

  /** Signal `cancel`: Postgres has settled it already, so nothing is left to do unless a result is on its way. */
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

  /** True once any delivery had to be tried again. */
  hasRetried(): boolean {
    return this.anyRetried;
  }

  summary(): DeliverySummary {
    const summary = { delivered: 0, undeliverable: 0, cancelled: 0, released: 0 };
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

  /** `attempt 3 of 5` for one delivery, `attempts of 12 deliveries` for several. */
  describeBatch(batch: DeliveryStep[]): string {
    const [first] = batch;
    const attempt = `attempt ${(first?.step ?? 0) + 1} of ${maxAttempts(this.policy)}`;
    return batch.length === 1 ? attempt : `${attempt}, ${batch.length} deliveries`;
  }

  /** The current details of the Web UI, as a Markdown table. */
  formatTable(): string {
    const entries = [...this.entries.values()];
    const rows = entries.slice(0, DETAIL_ROWS).map(({ id, step, state }) => {
      const next = state.kind === 'waiting' ? new Date(state.dueAt).toISOString() : '';
      const last = state.kind === 'attempting' ? '' : state.lastOutcome;
      return `| ${id} | ${state.kind} | ${step + 1} of ${maxAttempts(this.policy)} | ${last} | ${next} |`;
    });
    const more = entries.length > DETAIL_ROWS ? [`\n… and ${entries.length - DETAIL_ROWS} more`] : [];
    return ['| delivery | state | attempt | last | next |', '|---|---|---|---|---|', ...rows, ...more].join(
      '\n',
    );
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
