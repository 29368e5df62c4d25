import type { NewDelivery } from '../../store/events/accept-events.ts';
import { Group } from '../groups/group.ts';
import { GroupBuffer } from '../groups/group-buffer.ts';
import { GROUP_SIZE, groupKeyOf, groupSizeOf, workflowIdOf } from '../groups/grouping.ts';
import { type Reservation, Reservations } from '../reservation.ts';
import type { Backlog } from './backlog.ts';
import type { QueueDependencies } from './queue-dependencies.ts';

/** New deliveries to healthy receivers. */
export class FreshQueue {
  readonly #deps: QueueDependencies & { backlog: Backlog; readBacklog: () => void };
  readonly buffer: GroupBuffer;
  readonly reservations: Reservations<NewDelivery>;
  /** Partial groups of the buffer and of the backlog take turns. */
  #isTurnOfBacklog = true;
  #timer: NodeJS.Timeout | null = null;

  constructor(deps: QueueDependencies & { backlog: Backlog; readBacklog: () => void }) {
    this.#deps = deps;
    this.buffer = new GroupBuffer(deps);
    this.reservations = new Reservations<NewDelivery>({
      starter: deps.starter,
      buffer: this.buffer,
      toAssigned: ({ id, eventId, type }) => ({ id, step: 0, eventId, type }),
      onEnded: (unowned) => this.#recordUnowned(unowned),
    });
  }

  reserve(deliveries: NewDelivery[]): Reservation {
    const { starter, grouping, inFlightLimiter } = this.#deps;
    const groups = new Map<NewDelivery, Group>();
    const fresh = deliveries.filter(({ lane, waitingFor }) => lane === 'fast' && waitingFor === null);
    const byKey = Map.groupBy(fresh, (delivery) => groupKeyOf(grouping, delivery));
    for (const [key, alike] of starter.canStart() ? byKey : []) {
      if (inFlightLimiter.hasCapacity('first', alike[0]!.projectId)) this.#reserveAlike(key, alike, groups);
    }
    return this.reservations.create(deliveries, groups);
  }

  #reserveAlike(key: string, alike: NewDelivery[], groups: Map<NewDelivery, Group>): void {
    const { inFlightLimiter, grouping } = this.#deps;
    const size = groupSizeOf(alike[0]!);
    for (let from = 0; from < alike.length; from += size) {
      const batch = alike.slice(from, from + size);
      const group = this.#permit(key, batch, size, from === 0);
      if (group) for (const delivery of batch) groups.set(delivery, group);
      else if (grouping === 'never' || !this.buffer.reserve(key, batch, groups)) return;
      inFlightLimiter.recordDispatched('first', batch[0]!.projectId, batch.length);
    }
  }

  /** Returns a group that starts as soon as it is stored, or null if it has to wait for a slot. */
  #permit(key: string, batch: NewDelivery[], size: number, isFirst: boolean): Group | null {
    const { slots, grouping, backlog } = this.#deps;
    const { projectId, policy, lane } = batch[0]!;
    // New events would take every slot that becomes free and starve those that are waiting.
    const isOvertaking = grouping === 'auto' && (backlog.mayWait() || this.buffer.isForming(key));
    const mayStart =
      batch.length === size
        ? slots.allowsFull(projectId)
        : (slots.allowsPartial() && !isOvertaking) || slots.isIdle(projectId);
    if (!mayStart) return null;
    const group = new Group(workflowIdOf(batch, isFirst), { projectId, policy, lane }, size, slots);
    group.reserve(batch.length);
    group.move('permit');
    return group;
  }

  #recordUnowned(unowned: NewDelivery[]): void {
    const waiting = unowned.filter(({ waitingFor }) => waitingFor === null).length;
    // A read after every commit would cost as much as the assignments themselves.
    if (this.#deps.backlog.recordUnowned(waiting) >= GROUP_SIZE) this.#deps.readBacklog();
    this.startReady();
  }

  /** Starts groups as the slots allow. */
  startReady = (): void => {
    const { starter, slots } = this.#deps;
    while (starter.canStart()) {
      const group =
        this.buffer.take('full', slots.allowsFull) ??
        this.buffer.take('overdue', slots.allowsOverdue) ??
        this.#takePartial();
      if (!group) return;
      starter.start(group);
    }
  };

  #takePartial(): Group | null {
    const { slots, backlog, readBacklog } = this.#deps;
    const mayWait = backlog.mayWait();
    if (!mayWait && this.buffer.isEmpty) return null;
    if (!slots.allowsPartial()) {
      this.#startAfter(slots.msUntilPartial());
      return null;
    }
    const group = mayWait && this.#isTurnOfBacklog ? null : this.buffer.take('partial', () => true);
    this.#isTurnOfBacklog = group !== null;
    if (!group && mayWait) readBacklog();
    return group;
  }

  #startAfter(ms: number): void {
    if (ms === Number.POSITIVE_INFINITY) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      this.startReady();
    }, Math.ceil(ms)).unref();
  }
}
