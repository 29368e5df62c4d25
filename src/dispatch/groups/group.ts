import type { AssignedDelivery, Assignment } from '../../store/deliveries/assignments/assignment.ts';
import { type GroupKind, groupSizeOf } from './grouping.ts';
import type { StartSlots } from './start-slots.ts';

/** The states of a group, the events that change them, and the states that follow. */
const TRANSITIONS = {
  /** Takes deliveries. `fill`: no more fit. */
  forming: { fill: 'full', permit: 'permitted', end: 'ended' },
  full: { permit: 'permitted', end: 'ended' },
  /** Has a start slot, takes no more deliveries, and starts when all of them are stored. */
  permitted: { start: 'started', end: 'ended' },
  /** Holds the slot until a worker has claimed it, did not claim in time, or the start failed. */
  started: { end: 'ended' },
  /** What was not started returns to Postgres, also what is stored of it later. */
  ended: {},
} as const;

export type GroupState = keyof typeof TRANSITIONS;
export type GroupEvent = { [State in GroupState]: keyof (typeof TRANSITIONS)[State] }[GroupState];

/** The deliveries of one future workflow: those that are reserved, and those that are stored. */
export class Group {
  readonly workflowId: string;
  readonly kind: GroupKind;
  readonly #maxSize: number;
  /** Times of performance.now(). */
  readonly openedAt = performance.now();
  startedAt = Number.POSITIVE_INFINITY;
  readonly #slots: StartSlots;
  readonly #stored: AssignedDelivery[] = [];
  #state: GroupState = 'forming';
  #reserved = 0;
  #returnSlot = (): void => {};

  constructor(workflowId: string, { projectId, policy, lane }: GroupKind, slots: StartSlots) {
    this.workflowId = workflowId;
    this.kind = { projectId, policy, lane };
    this.#maxSize = groupSizeOf(this.kind);
    this.#slots = slots;
  }

  /** A group that takes no more than these deliveries. */
  static permitted(workflowId: string, kind: GroupKind, deliveries: number, slots: StartSlots): Group {
    const group = new Group(workflowId, kind, slots);
    group.reserve(deliveries);
    group.move('permit');
    return group;
  }

  /** A permitted group of deliveries that are stored. */
  static ofAssignment(assignment: Assignment, slots: StartSlots): Group {
    const { workflowId, deliveries } = assignment;
    const group = Group.permitted(workflowId, assignment, deliveries.length, slots);
    group.settle(deliveries, 0);
    return group;
  }

  get state(): GroupState {
    return this.#state;
  }

  /** Whether its workflow begins with a timer, and so does not claim at once. */
  get waitsForRetry(): boolean {
    return this.#stored.every(({ retry }) => retry !== undefined);
  }

  get size(): number {
    return this.#reserved + this.#stored.length;
  }

  get isStored(): boolean {
    return this.#reserved === 0;
  }

  get assignment(): Assignment {
    return { workflowId: this.workflowId, ...this.kind, deliveries: this.#stored };
  }

  reserve(deliveries: number): void {
    this.#reserved += deliveries;
    if (this.size >= this.#maxSize) this.move('fill');
  }

  /** Ends the reservation of deliveries, of which `lost` are not stored, or may not be. */
  settle(stored: AssignedDelivery[], lost: number): void {
    this.#reserved -= stored.length + lost;
    this.#stored.push(...stored);
    if (this.size === 0) this.move('end');
  }

  /** Throws if the table has no such transition. */
  move(event: GroupEvent): void {
    const targets: Partial<Record<GroupEvent, GroupState>> = TRANSITIONS[this.#state];
    const target = targets[event];
    if (!target) throw new Error(`a group that is ${this.#state} has no transition for '${event}'`);
    this.#state = target;
    if (event === 'permit')
      this.#returnSlot = this.#slots.take(this.kind.projectId, this.size, this.size >= this.#maxSize);
    else if (event === 'start') this.startedAt = performance.now();
    else if (event === 'end') this.#returnSlot();
  }
}
