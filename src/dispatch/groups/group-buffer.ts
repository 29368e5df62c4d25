import { SharedCapacity, sharesOf } from '../../limits/shared-capacity.ts';
import { Turns } from '../../limits/turns.ts';
import type { AssignedDelivery } from '../../store/deliveries/assignments/assignment.ts';
import { Group } from './group.ts';
import { type Groupable, sharedWorkflowId } from './grouping.ts';
import type { StartSlots } from './start-slots.ts';

/**
 * Deliveries in one buffer, about a second of load. Beyond these, workers are behind, and new deliveries wait in Postgres.
 * One project gets up to half.
 */
const MAX_BUFFERED = 3_200;

/** `full`: no more fit. `overdue`: has waited long enough. Groups that are overdue or partial still take deliveries. */
type Readiness = 'full' | 'overdue' | 'partial';

/**
 * Groups that wait for a start slot. A new delivery is stored with the id of its group's workflow, so no second statement
 * has to assign it. If the process dies, the reconciler finds the deliveries.
 */
export class GroupBuffer {
  readonly #maxWaitMs: number;
  readonly #slots: StartSlots;
  readonly #capacity = new SharedCapacity(MAX_BUFFERED);
  readonly #forming = new Map<string, Group>();
  /** Partial groups, in the order in which they were opened. */
  readonly #partial = new Set<Group>();
  readonly #places = new Map<Group, { key: string; readiness: Readiness }>();
  readonly #turns: Record<Readiness, Turns<Group>> = {
    full: new Turns(),
    overdue: new Turns(),
    partial: new Turns(),
  };

  /** A group is overdue after `maxWaitMs`. */
  constructor(slots: StartSlots, maxWaitMs: number) {
    this.#slots = slots;
    this.#maxWaitMs = maxWaitMs;
  }

  get size(): number {
    return this.#places.size;
  }

  isForming = (key: string): boolean => this.#forming.has(key);

  /** Reserves places for deliveries of one key, and sets the group of each. Returns false if there is no capacity. */
  reserve<Delivery extends Groupable>(
    key: string,
    deliveries: Delivery[],
    groups: Map<Delivery, Group>,
  ): boolean {
    const shares = sharesOf(deliveries[0]!.projectId, null);
    if (!this.#capacity.hasCapacity(shares, deliveries.length)) return false;
    this.#capacity.take(shares, deliveries.length);
    for (const delivery of deliveries) {
      const group = this.#takesMore(key) ?? this.#open(key, delivery);
      group.reserve(1);
      if (group.state === 'full') this.#place(group, 'full');
      groups.set(delivery, group);
    }
    return true;
  }

  /** Settles reserved deliveries of a group, which ends if none is left. Groups that are not in the buffer settle too. */
  settle(group: Group, stored: AssignedDelivery[], lost: number): void {
    group.settle(stored, lost);
    if (!this.#places.has(group)) return;
    this.#capacity.release(sharesOf(group.kind.projectId, null), lost);
    if (group.state === 'ended') this.#remove(group);
  }

  /** Removes a group that may start beside others, because it is full or overdue, and permits it. */
  takeReady(): Group | null {
    this.#findOverdue();
    if (!this.#slots.hasFree) return null;
    return this.#take('full', this.#slots.allowsFull) ?? this.#take('overdue', this.#slots.allowsOverdue);
  }

  /** Removes a group that is neither, and permits it. */
  takePartial(): Group | null {
    return this.#take('partial', () => true);
  }

  #take(readiness: Readiness, mayHave: (projectId: string) => boolean): Group | null {
    const group = this.#turns[readiness].next(mayHave, ({ isStored }) => isStored);
    if (!group) return null;
    this.#remove(group);
    group.move('permit');
    return group;
  }

  /** Milliseconds until a group becomes overdue; Infinity if none does. */
  msUntilOverdue(): number {
    const [oldest] = this.#partial;
    return oldest ? oldest.openedAt + this.#maxWaitMs - performance.now() : Number.POSITIVE_INFINITY;
  }

  /** Removes and ends all groups. */
  close(): Group[] {
    const groups = [...this.#places.keys()];
    for (const group of groups) {
      this.#remove(group);
      group.move('end');
    }
    return groups;
  }

  /** An overdue group that waits for a commit takes no more: overlapping transactions would keep it until it is full. */
  #takesMore(key: string): Group | undefined {
    const group = this.#forming.get(key);
    const isOverdue = group && !group.isStored && group.openedAt + this.#maxWaitMs <= performance.now();
    return isOverdue ? undefined : group;
  }

  #open(key: string, kind: Groupable): Group {
    const group = new Group(sharedWorkflowId(kind.projectId), kind, this.#slots);
    this.#places.set(group, { key, readiness: 'partial' });
    this.#forming.set(key, group);
    this.#partial.add(group);
    this.#turns.partial.add(kind.projectId, group);
    return group;
  }

  #place(group: Group, readiness: Readiness): void {
    const place = this.#places.get(group)!;
    this.#turns[place.readiness].delete(group.kind.projectId, group);
    this.#turns[readiness].add(group.kind.projectId, group);
    place.readiness = readiness;
    this.#partial.delete(group);
    if (readiness === 'full' && this.#forming.get(place.key) === group) this.#forming.delete(place.key);
  }

  #remove(group: Group): void {
    const { key, readiness } = this.#places.get(group)!;
    this.#turns[readiness].delete(group.kind.projectId, group);
    if (this.#forming.get(key) === group) this.#forming.delete(key);
    this.#partial.delete(group);
    this.#places.delete(group);
    this.#capacity.release(sharesOf(group.kind.projectId, null), group.size);
  }

  #findOverdue(): void {
    const openedBefore = performance.now() - this.#maxWaitMs;
    for (const group of this.#partial) {
      if (group.openedAt > openedBefore) return;
      this.#place(group, 'overdue');
    }
  }
}
