import type pg from 'pg';
import type { Group } from '../groups/group.ts';
import type { Grouping } from '../groups/grouping.ts';
import type { StartSlots } from '../groups/start-slots.ts';
import type { InFlightLimiter } from '../in-flight-limiter.ts';
import type { Reservation } from '../reservation.ts';
import type { WorkflowStarter } from '../workflow-starter.ts';

/** A queue in this process. */
export type Queue<Delivery> = {
  reserve(deliveries: Delivery[]): Reservation<Delivery>;
  /** Starts groups as the slots allow. */
  startReady(): void;
  /** Reservations and groups that have not ended. */
  held(): { reservations: number; groups: number };
  /** Removes and closes the groups that have not started. */
  close(): Group[];
};

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
