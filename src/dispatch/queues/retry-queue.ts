import type { AssignedDelivery } from '../../store/deliveries/assignments/assignment.ts';
import type { Group, GroupKind } from '../groups/group.ts';
import { GroupBuffer } from '../groups/group-buffer.ts';
import { type Grouping, groupKeyOf } from '../groups/grouping.ts';
import { StartSlots } from '../groups/start-slots.ts';
import { type Reservation, Reservations } from '../reservation.ts';
import type { WorkflowStarter } from '../workflow-starter.ts';

/** A delivery whose attempt was made without a workflow, and failed. */
export type RetryDelivery = GroupKind & AssignedDelivery & Required<Pick<AssignedDelivery, 'retry'>>;

/** Less than 250 ms after the attempt, the workflow shows the delivery with its timer. */
const MAX_GROUP_WAIT_MS = 200;

/**
 * Deliveries that a workflow carries on with. They wait for their retry there, not for a claim, so they hold a start slot
 * only during the start. Their buffer and slots are their own: a flood of failures delays no new delivery.
 */
export class RetryQueue {
  readonly #deps: { starter: WorkflowStarter; grouping: Grouping };
  readonly slots = new StartSlots('auto');
  readonly buffer = new GroupBuffer({ maxWaitMs: MAX_GROUP_WAIT_MS, slots: this.slots });
  readonly reservations: Reservations<RetryDelivery>;
  #timer: NodeJS.Timeout | null = null;

  constructor(deps: { starter: WorkflowStarter; grouping: Grouping }) {
    this.#deps = deps;
    this.reservations = new Reservations<RetryDelivery>({
      starter: deps.starter,
      buffer: this.buffer,
      toAssigned: ({ id, step, eventId, type, retry }) => ({ id, step, eventId, type, retry }),
      onEnded: () => this.startReady(),
    });
  }

  /** Without capacity, or while Temporal is down, a delivery has no owner: the backlog has it when it is due. */
  reserve(deliveries: RetryDelivery[]): Reservation<RetryDelivery> {
    const { starter, grouping } = this.#deps;
    const groups = new Map<RetryDelivery, Group>();
    const byKey = Map.groupBy(deliveries, (delivery) => groupKeyOf(grouping, delivery));
    for (const [key, alike] of starter.canStart() ? byKey : []) this.buffer.reserve(key, alike, groups);
    return this.reservations.create(deliveries, groups);
  }

  /** Starts groups that are full or have waited long enough, as the slots allow. */
  startReady = (): void => {
    const { starter } = this.#deps;
    while (starter.canStart()) {
      const group =
        this.buffer.take('full', this.slots.allowsFull) ??
        this.buffer.take('overdue', this.slots.allowsOverdue);
      if (!group) break;
      starter.start(group);
    }
    const ms = this.buffer.msUntilOverdue();
    if (ms === Number.POSITIVE_INFINITY || !starter.canStart()) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      this.startReady();
    }, Math.ceil(ms)).unref();
  };
}
