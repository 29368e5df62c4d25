import type pg from 'pg';
import { PendingWork } from '../limits/pending-work.ts';
import { type Assignment, releaseUnstarted } from '../store/deliveries/assignments/assignment.ts';
import type { Group } from './groups/group.ts';

/**
 * Starts the workflow of an assignment. Resolves with `id_in_use` if Temporal knows an earlier workflow of that id, which
 * does not have these deliveries. Rejects if it is unknown whether the workflow has started.
 */
export type StartWorkflow = (assignment: Assignment) => Promise<'started' | 'id_in_use'>;

export type WorkflowStarterDependencies = {
  pool: pg.Pool;
  /** Null while Temporal is down. */
  starter: () => StartWorkflow | null;
  onStarted: (result: 'started' | 'failed', deliveries: number) => void;
  /** Called when released deliveries wait for an assignment. */
  onReleased: () => void;
  /** Called when a start has ended, and with it the slot of a group that does not claim at once. */
  onReturned: () => void;
  onFailure: (error: unknown) => void;
};

/** No workflow is started for this long after a start that failed. */
const START_FAILURE_PAUSE_MS = 1_000;
/**
 * A workflow that has not claimed by then no longer counts: its worker is dead, or the notification of its claim was lost.
 * While many deliveries wait for a claim, workers are only behind, so the slot is kept for longer.
 */
const UNCLAIMED_MS = 2_000;
const UNCLAIMED_WHILE_BEHIND_MS = 15_000;

/** Carries groups from their start to their claim. */
export class WorkflowStarter {
  readonly #deps: WorkflowStarterDependencies;
  readonly #calls = new PendingWork();
  /** Groups that hold a start slot, by workflow id, in the order of their start. */
  readonly #underWay = new Map<string, Group>();
  #pausedUntil = 0;
  #closed = false;

  constructor(deps: WorkflowStarterDependencies) {
    this.#deps = deps;
  }

  /** How many groups hold a start slot. */
  get size(): number {
    return this.#underWay.size;
  }

  /** Whether Temporal is available, no start has failed within the last second, and the process is not stopping. */
  canStart = (): boolean =>
    !this.#closed && this.#deps.starter() !== null && performance.now() >= this.#pausedUntil;

  /** Starts the workflow of a permitted group. If the start fails, or after `close`, its deliveries are released. */
  start(group: Group): void {
    group.move(this.#closed ? 'end' : 'start');
    if (this.#closed) return void this.release(group.workflowId, group.assignment.deliveries);
    this.#underWay.set(group.workflowId, group);
    this.#calls.add(this.#run(group));
  }

  /** Returns deliveries that no workflow carries to the queue in Postgres. */
  release(workflowId: string, deliveries: { id: string }[]): void {
    const { pool, onReleased, onFailure } = this.#deps;
    const ids = deliveries.map(({ id }) => id);
    if (ids.length > 0) this.#calls.add(releaseUnstarted(pool, workflowId, ids).then(onReleased, onFailure));
  }

  /** Returns whether one of the workflows held a start slot. */
  recordClaimed(workflowIds: string[]): boolean {
    return workflowIds.filter((id) => this.#freeSlot(id)).length > 0;
  }

  /** Frees the start slots of workflows that did not claim in time. `isBehind`: workers have a claim backlog. */
  expireUnclaimed(isBehind: boolean): void {
    const before = performance.now() - (isBehind ? UNCLAIMED_WHILE_BEHIND_MS : UNCLAIMED_MS);
    for (const [id, { startedAt }] of this.#underWay) if (startedAt < before) this.#freeSlot(id);
  }

  /** Starts nothing from now on. */
  close(): void {
    this.#closed = true;
  }

  /** Resolves when all starts and releases have ended. */
  whenIdle = (): Promise<void> => this.#calls.whenIdle();

  async #run(group: Group): Promise<void> {
    const { onStarted, onReturned, onFailure, starter } = this.#deps;
    const { workflowId, assignment } = group;
    let hasStarted = false;
    try {
      const startWorkflow = starter();
      if (!startWorkflow) throw new Error('Temporal became unavailable before the start');
      // `id_in_use`: the event's id was used before its retention or before a restore of the database. It cannot be this
      // start with a lost response: Temporal recognizes a repeated request and responds as it did first.
      hasStarted = (await startWorkflow(assignment)) === 'started';
    } catch (error) {
      this.#pausedUntil = performance.now() + START_FAILURE_PAUSE_MS;
      onFailure(error);
    }
    onStarted(hasStarted ? 'started' : 'failed', assignment.deliveries.length);
    if (!hasStarted || group.waitsForRetry) this.#freeSlot(workflowId);
    // If the workflow runs nevertheless, it finds that it owns nothing. If this release fails too, the reconciler finds
    // deliveries of a workflow that does not exist.
    if (!hasStarted) this.release(workflowId, assignment.deliveries);
    onReturned();
  }

  /** Returns whether the workflow held a slot. A worker may claim before the call to Temporal has returned. */
  #freeSlot(workflowId: string): boolean {
    this.#underWay.get(workflowId)?.move('end');
    return this.#underWay.delete(workflowId);
  }
}
