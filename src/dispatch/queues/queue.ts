import type pg from 'pg';
import type { AssignedDelivery } from '../../store/deliveries/assignments/assignment.ts';
import type { Group } from '../groups/group.ts';
import type { GroupBuffer } from '../groups/group-buffer.ts';
import type { Groupable, Grouping } from '../groups/grouping.ts';
import type { StartSlots } from '../groups/start-slots.ts';
import type { InFlightLimiter } from '../in-flight-limiter.ts';
import type { Reservation } from '../reservation.ts';
import type { WorkflowStarter } from '../workflow-starter.ts';

export type QueueDependencies = {
  pool: pg.Pool;
  inFlightLimiter: InFlightLimiter;
  starter: WorkflowStarter;
  slots: StartSlots;
  grouping: Grouping;
  /** After this long, in milliseconds, a group may start although it is not full. */
  maxWaitMs: number;
  /** Stored with assignments, so that they are found if this process dies before it starts their workflows. */
  processId: string | null;
};

/** A queue in this process: groups of deliveries that are stored, or about to be, and wait for a start slot. */
export type Queue<Delivery> = {
  /** Without capacity, or while Temporal is down, a delivery has no owner: it waits in Postgres. */
  reserve(deliveries: Delivery[]): Reservation<Delivery>;
  /** Starts groups as the slots allow. */
  startReady(): void;
  /** Reservations and groups that have not ended. */
  held(): { reservations: number; groups: number };
  /** Releases what has not started. */
  close(): void;
};

export type QueueRules<Delivery> = {
  /** Deliveries with the same key may share a workflow. Null: the delivery waits in Postgres. */
  keyOf(delivery: Delivery): string | null;
  /** Sets the groups of deliveries with the same key, as far as there is capacity. */
  place(key: string, deliveries: Delivery[], groups: Map<Delivery, Group>): void;
  /** Returns the next group to start, or the milliseconds until there may be one. */
  next(): Group | number;
  toAssigned(delivery: Delivery): AssignedDelivery;
  /** A reservation has ended. `unowned`: deliveries without an owner that are stored, or may be. */
  onEnded(unowned: Delivery[]): void;
};

export function createQueue<Delivery extends Groupable & { id: string }>(
  starter: WorkflowStarter,
  buffer: GroupBuffer,
  { keyOf, place, next, toAssigned, onEnded }: QueueRules<Delivery>,
): Queue<Delivery> {
  let reservations = 0;
  let alarm: NodeJS.Timeout | null = null;

  function reserve(deliveries: Delivery[]): Reservation<Delivery> {
    const groups = new Map<Delivery, Group>();
    for (const [key, alike] of starter.canStart() ? Map.groupBy(deliveries, keyOf) : [])
      if (key !== null) place(key, alike, groups);
    let isOpen = true;
    reservations += 1;
    const end = (isStored: (delivery: Delivery) => boolean, mayBeStored: boolean): void => {
      if (!isOpen) throw new Error('this reservation has ended before');
      isOpen = false;
      reservations -= 1;
      for (const [group, share] of Map.groupBy(groups.keys(), (delivery) => groups.get(delivery)!)) {
        const lost = share.filter((delivery) => !isStored(delivery));
        settle(group, lost.length === 0 ? share : share.filter(isStored), lost, mayBeStored);
      }
      onEnded(deliveries.filter((delivery) => mayBeStored || (!groups.has(delivery) && isStored(delivery))));
    };
    return {
      owners: deliveries.map((delivery) => groups.get(delivery)?.workflowId ?? null),
      commit: (isStored) => end(isStored, false),
      release: (mayBeStored) => end(() => false, mayBeStored),
    };
  }

  function settle(group: Group, stored: Delivery[], lost: Delivery[], mayBeStored: boolean): void {
    const isClosed = group.state === 'ended';
    if (!isClosed) buffer.settle(group, stored.map(toAssigned), lost.length);
    // What may be stored is not started. If the release is lost too, the reconciler finds a workflow that does not exist.
    starter.release(group.workflowId, [...(isClosed ? stored : []), ...(mayBeStored ? lost : [])]);
    if (group.state === 'permitted') starter.start(group);
  }

  function startReady(): void {
    while (starter.canStart()) {
      const group = next();
      if (typeof group === 'number') return void startIn(group);
      starter.start(group);
    }
  }

  function startIn(ms: number): void {
    if (alarm || ms === Number.POSITIVE_INFINITY) return;
    alarm = setTimeout(() => {
      alarm = null;
      startReady();
    }, Math.ceil(ms)).unref();
  }

  return {
    reserve,
    startReady,
    held: () => ({ reservations, groups: buffer.size }),
    close() {
      for (const { workflowId, assignment } of buffer.close())
        starter.release(workflowId, assignment.deliveries);
    },
  };
}
