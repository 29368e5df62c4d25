import { randomUUID } from 'node:crypto';
import { MAX_DELIVERIES } from '../../policy/workflow-size.ts';
import { type AssignLimits, assignRestricted } from '../../store/deliveries/assignments/assign-restricted.ts';
import {
  type RestrictedReceiver,
  restrictedReceiversAmong,
} from '../../store/deliveries/assignments/restricted-receivers.ts';
import { type CompleteSequence, createCompleteSequence } from '../../store/receivers/order/order.ts';
import { Group } from '../groups/group.ts';
import type { QueueDependencies } from './queue.ts';
import { createRestrictedRotation } from './restricted-rotation.ts';

/** A receiver that may be sent its next delivery, because one before has ended. */
export type Turn = Pick<RestrictedReceiver, 'receiver' | 'projectId'>;

/** What is not noted has its turn at the next `read`. */
const MAX_TURNS = 500;
/** While more receivers wait than one page has, a read goes on for this long: two fifths of the time between two reads. */
const READ_FOR_MS = 100;
/**
 * Deliveries that ordered receivers are given ahead, together: one of them may hold up all that follow it, and each counts
 * against what its project may have in flight.
 */
const MAX_IN_LINES = 50;

export type RestrictedQueue = {
  /** Starts workflows for restricted receivers that have deliveries due. */
  read(): Promise<void>;
  /** Notes receivers that may have their next turn. What is not noted has it at the next `read`. */
  recordTurns(turns: Turn[]): void;
  /** Whether turns are noted. Those for which there was no capacity wait until a workflow has claimed its deliveries. */
  hasTurns(): boolean;
  /** Starts workflows for these. */
  readTurns(): Promise<void>;
};

export function createRestrictedQueue(
  { pool, inFlightLimiter, starter, slots, grouping, processId }: QueueDependencies,
  { maxPerReceiver, drainRate }: Pick<AssignLimits, 'maxPerReceiver' | 'drainRate'>,
): RestrictedQueue {
  const limits = {
    maxPerReceiver,
    drainRate,
    maxDeliveries: MAX_DELIVERIES,
    grouping: grouping === 'auto',
    processId,
  };
  const ofAll = createCompleteSequence(pool);
  const ofTurns = createCompleteSequence(pool);
  const rotation = createRestrictedRotation(pool);
  const turns = new Map<string, Turn>();

  const hasCapacity = (projectId: string): boolean =>
    starter.canStart() && inFlightLimiter.hasCapacity('other', projectId) && slots.allowsOverdue(projectId);

  /** Projects take turns. Returns the receivers for which there was no capacity. */
  async function start(
    waiting: RestrictedReceiver[],
    completeSequenceNow: CompleteSequence,
  ): Promise<RestrictedReceiver[]> {
    const due = waiting.filter(({ isDue }) => isDue);
    const ordered = due.filter(({ isOrdered }) => isOrdered).length;
    const values = {
      ...limits,
      completeSequence: ordered > 0 ? await completeSequenceNow() : 0,
      maxInLine: grouping === 'auto' ? Math.max(1, Math.floor(MAX_IN_LINES / Math.max(1, ordered))) : 1,
    };
    const left = Map.groupBy(due, ({ projectId }) => projectId);
    const skipped: RestrictedReceiver[] = [];
    while (left.size > 0) {
      for (const [projectId, receivers] of left) {
        if (!hasCapacity(projectId)) {
          skipped.push(...receivers);
          left.delete(projectId);
          continue;
        }
        // A workflow takes no more deliveries than this, and each receiver whose gate is locked delays its claims.
        const assignment = await assignRestricted(pool, receivers.slice(0, MAX_DELIVERIES), {
          ...values,
          uuid: randomUUID(),
        });
        if (assignment) {
          inFlightLimiter.recordDispatched('other', projectId, assignment.deliveries.length);
          starter.start(Group.ofAssignment(assignment, slots));
        }
        if (!assignment || assignment.isAll) receivers.splice(0, MAX_DELIVERIES);
        if (receivers.length === 0) left.delete(projectId);
      }
    }
    return skipped;
  }

  function recordTurns(ended: Turn[]): void {
    for (const { receiver, projectId } of ended)
      if (turns.size < MAX_TURNS) turns.set(receiver, { receiver, projectId });
  }

  return {
    async read() {
      const until = performance.now() + READ_FOR_MS;
      do {
        await inFlightLimiter.refresh();
        if (!starter.canStart()) return;
        const { receivers, isAll } = await rotation.next();
        const skipped = await start(receivers, ofAll);
        rotation.returnTo(skipped);
        if (isAll || skipped.length > 0) return;
      } while (performance.now() < until);
    },
    recordTurns,
    hasTurns: () => turns.size > 0,
    async readTurns() {
      const next = [...turns.values()];
      turns.clear();
      if (next.length === 0) return;
      await inFlightLimiter.refresh();
      if (starter.canStart()) recordTurns(await start(await restrictedReceiversAmong(pool, next), ofTurns));
    },
  };
}
