import { randomUUID } from 'node:crypto';
import { assignDue, nextProjectDue } from '../../store/deliveries/assignments/assign-due.ts';
import { Group } from '../groups/group.ts';
import { GROUP_SIZE, groupSizeOf } from '../groups/grouping.ts';
import type { QueueDependencies } from './queue-dependencies.ts';

/** With thousands of projects that cannot fill a group, querying each would take all the time. */
const MAX_PROJECTS_QUERIED = 4;
/** Includes the projects that are passed over because they are at their limit. */
const MAX_PROJECTS_CHECKED = 40;
const READ_INTERVAL_MS = 1_000;
/** While deliveries are known to wait, or a project at its limit may have capacity soon. */
const BUSY_READ_INTERVAL_MS = 250;

/** Due deliveries to healthy receivers that wait in Postgres without an owner. Projects take turns. */
export class Backlog {
  readonly #deps: QueueDependencies;
  /** Partial and full groups have separate turns. */
  readonly #lastServed = { any: '', full: '' };
  #lastReadAt = 0;
  #committedSinceRead = 0;
  #known: 'empty' | 'only of projects at their limit' | 'more' = 'empty';

  constructor(deps: QueueDependencies) {
    this.#deps = deps;
  }

  /** Records deliveries that this process has stored without an owner, or may have. Returns how many since the last read. */
  recordUnowned(deliveries: number): number {
    this.#committedSinceRead += deliveries;
    return this.#committedSinceRead;
  }

  /** Whether deliveries wait that could start now. New ones must not overtake them forever. */
  mayWait(): boolean {
    return this.#committedSinceRead > 0 || this.#known === 'more';
  }

  isReadDue(): boolean {
    const isBusy = this.#committedSinceRead > 0 || this.#known !== 'empty';
    return performance.now() - this.#lastReadAt >= (isBusy ? BUSY_READ_INTERVAL_MS : READ_INTERVAL_MS);
  }

  /** Starts workflows for what waits, as many as the slots allow. */
  async read(): Promise<void> {
    const { inFlightLimiter, starter, slots } = this.#deps;
    this.#lastReadAt = performance.now();
    this.#committedSinceRead = 0;
    await inFlightLimiter.refresh();
    while (starter.canStart()) {
      const kind = slots.allowsPartial() ? 'any' : 'full';
      // The slot is taken before the query, or new events would take it while the query runs.
      const returnSlot = slots.take('', 0, false);
      const found = await this.#assignNext(kind).finally(returnSlot);
      if (typeof found === 'string') {
        if (kind === 'any' || this.#known === 'empty') this.#known = found;
        return;
      }
      this.#known = 'more';
      starter.start(found);
    }
  }

  /** Assigns deliveries of the project whose turn it is. One that cannot fill a group does not delay the next one. */
  async #assignNext(kind: 'any' | 'full'): Promise<Group | 'empty' | 'only of projects at their limit'> {
    const { pool, inFlightLimiter, slots, grouping, maxWaitMs, processId } = this.#deps;
    const checked = new Set<string>();
    let found: 'empty' | 'only of projects at their limit' = 'empty';
    for (let queried = 0; queried < MAX_PROJECTS_QUERIED && checked.size < MAX_PROJECTS_CHECKED; ) {
      const projectId = await nextProjectDue(pool, this.#lastServed[kind]);
      if (projectId === null || checked.has(projectId)) break;
      checked.add(projectId);
      this.#lastServed[kind] = projectId;
      if (!inFlightLimiter.hasCapacity('first', projectId) || !slots.allowsFull(projectId)) {
        found = 'only of projects at their limit';
        continue;
      }
      queried += 1;
      const assignment = await assignDue(pool, projectId, {
        maxDeliveries: GROUP_SIZE,
        minDeliveries: kind === 'any' ? 1 : GROUP_SIZE,
        maxWaitMs: slots.allowsOverdue(projectId) ? maxWaitMs : null,
        grouping: grouping === 'auto',
        uuid: randomUUID(),
        processId,
      });
      if (!assignment) continue;
      inFlightLimiter.recordDispatched('first', projectId, assignment.deliveries.length);
      return Group.ofAssignment(assignment, groupSizeOf(assignment), slots);
    }
    return found;
  }
}
