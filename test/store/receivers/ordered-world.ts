import { randomUUID } from 'node:crypto';
import { assignRestricted } from '../../../src/store/deliveries/assignments/assign-restricted.ts';
import { type Assignment, releaseUnstarted } from '../../../src/store/deliveries/assignments/assignment.ts';
import { type Claim, claimDeliveries } from '../../../src/store/deliveries/claims/claim-deliveries.ts';
import { resolveUnclaimed } from '../../../src/store/deliveries/claims/resolve-unclaimed.ts';
import type { AttemptRecord } from '../../../src/store/deliveries/recording/attempt-record.ts';
import { recordAttempts } from '../../../src/store/deliveries/recording/record-attempts.ts';
import { resyncHeld } from '../../../src/store/deliveries/resync-held.ts';
import { cancelDelivery } from '../../../src/store/deliveries/retry-and-cancel.ts';
import { changeEndpointState, completeResync } from '../../../src/store/endpoints/endpoint-status.ts';
import { updateEndpoint } from '../../../src/store/endpoints/update-endpoint.ts';
import { type AcceptTransaction, beginAccept } from '../../../src/store/events/accept/accept-events.ts';
import { type CompleteSequence, createCompleteSequence } from '../../../src/store/receivers/order/order.ts';
import { eventually } from '../../set-up/eventually.ts';
import { attemptRecordOf } from '../attempt-record.ts';
import { type SeededStore, secretBox } from '../seed.ts';

/** The number is in the body, so it is taken when the transaction begins, and the order of the commits is free. */
const withSequence = (sequence: number) => {
  const body = Buffer.from(`{"n":${sequence}}`);
  return { body, data: body };
};

export const DELIVERED = { outcome: 'delivered', statusCode: 200, retryInMs: null } as const;

/** The pool has a few connections more. */
const MAX_ACCEPTING = 4;

/** An ordered endpoint, with several processes that accept its events and send its deliveries. */
export async function startOrderedWorld(store: SeededStore, processes: number) {
  const { pool, project } = store;
  await pool.query(`UPDATE endpoints SET status = 'deleted'`);
  const endpoint = await store.newEndpoint();
  const scope = { projectId: project, consumer: null };
  await updateEndpoint(pool, scope, endpoint, { ordered: true });
  const complete: CompleteSequence[] = Array.from({ length: processes }, () => createCompleteSequence(pool));
  const accepting: AcceptTransaction[] = [];
  const underWay: Claim[] = [];
  /** What workers still have to attempt, after what is under way. */
  const lines: Assignment[] = [];
  const accepted: string[] = [];
  /** The sequences that were sent, in the order of their requests. */
  const sent: number[] = [];

  async function assign(by: number) {
    const completeSequence = await complete[by % processes]!();
    const limits = {
      maxPerReceiver: 32,
      drainRate: 0,
      maxDeliveries: 100,
      grouping: true,
      uuid: randomUUID(),
      completeSequence,
      maxInLine: 4,
    };
    const receiver = {
      receiver: endpoint,
      projectId: project,
      dueForMs: 1_000,
      isDue: true,
      isOverdue: false,
      isOrdered: true,
    };
    return assignRestricted(pool, [receiver], limits);
  }

  /** As the attempt activity does: first the common case, then what became claimable. */
  async function claim({ workflowId, deliveries }: Assignment): Promise<Claim[]> {
    const claims = await claimDeliveries(pool, workflowId, deliveries);
    if (claims.length > 0) return claims;
    const { claimable } = await resolveUnclaimed(pool, workflowId, deliveries, () => 0);
    return claimDeliveries(pool, workflowId, claimable);
  }

  /** Claims the next of a line; if it may not be sent now, the rest is released. Returns whether a request was sent. */
  async function attemptNext({ deliveries: [next, ...rest], ...line }: Assignment): Promise<boolean> {
    const claims = await claim({ ...line, deliveries: [next!] });
    underWay.push(...claims);
    sent.push(...claims.map(({ sequence }) => sequence!));
    if (claims.length > 0 && rest.length > 0) lines.push({ ...line, deliveries: rest });
    if (claims.length === 0) await release(line.workflowId, rest);
    return claims.length > 0;
  }

  async function release(workflowId: string, deliveries: { id: string }[]): Promise<void> {
    const ids = deliveries.map(({ id }) => id);
    await releaseUnstarted(pool, workflowId, ids);
  }

  const world = {
    endpoint,
    sent,
    accepted,
    underWay,
    assign,
    async begin(): Promise<void> {
      if (accepting.length === MAX_ACCEPTING) return;
      const draft = store.draft({ withSequence });
      accepting.push(await beginAccept(pool, secretBox, [draft]));
    },
    async end(index: number, how: 'commit' | 'roll back'): Promise<void> {
      const [transaction] = accepting.splice(index % Math.max(1, accepting.length), 1);
      if (!transaction) return;
      if (how === 'roll back') return transaction.rollback();
      await transaction.store(transaction.deliveries.map(() => null));
      accepted.push(...transaction.deliveries.map(({ id }) => id));
    },
    /** Assigns by one process, and claims as a worker does. Returns whether a request was sent. */
    async send(by: number): Promise<boolean> {
      const assignment = await assign(by);
      return assignment !== null && attemptNext(assignment);
    },
    /** A worker goes on with a line: its last attempt has ended, or so it believes. */
    async follow(index: number): Promise<boolean> {
      const [line] = lines.splice(index % Math.max(1, lines.length), 1);
      return line !== undefined && attemptNext(line);
    },
    /** A worker has spent too long on a line. */
    async endLine(index: number): Promise<void> {
      const [line] = lines.splice(index % Math.max(1, lines.length), 1);
      if (line) await release(line.workflowId, line.deliveries);
    },
    untilSent: (): Promise<void> => eventually(() => world.send(0)),
    /** A process that assigned deliveries dies before it starts their workflow. */
    async failStart(by: number): Promise<void> {
      const assignment = await assign(by);
      if (assignment) await release(assignment.workflowId, assignment.deliveries);
    },
    async record(index: number, changes: Partial<AttemptRecord>): Promise<void> {
      const [claim] = underWay.splice(index % Math.max(1, underWay.length), 1);
      if (claim) await recordAttempts(pool, [attemptRecordOf(claim, changes)]);
    },
    async cancel(index: number): Promise<void> {
      const id = accepted[index % Math.max(1, accepted.length)];
      if (id) await cancelDelivery(pool, project, null, id);
    },
    async pause(): Promise<void> {
      await changeEndpointState(pool, scope, endpoint, 'pause');
    },
    /** A resume waits for the transactions that have matched the endpoint. */
    async resume(): Promise<void> {
      while (accepting.length > 0) await world.end(0, 'commit');
      const result = await changeEndpointState(pool, scope, endpoint, 'resume');
      if (result.kind !== 'done' || !result.resync) return;
      for (let next: string | null = ''; next !== null; )
        ({ next } = await resyncHeld(pool, endpoint, next, 0));
      await completeResync(pool, result.resync);
    },
    async openCount(): Promise<number> {
      const { n } = await store.queryOne<{ n: number }>(
        `SELECT count(*)::int AS n FROM deliveries
         WHERE receiver = $1 AND status IN ('pending', 'retrying', 'held')`,
        [endpoint],
      );
      return n;
    },
    /** Commits what is being accepted, and sends until nothing is open. */
    async drain(): Promise<void> {
      await world.resume();
      while (underWay.length > 0) await world.record(0, DELIVERED);
      // Long transactions of other suites on the same server keep numbers from being complete.
      for (const giveUpAt = performance.now() + 60_000; (await world.openCount()) > 0; ) {
        if (performance.now() > giveUpAt) throw new Error('nothing is sent any more');
        if ((await world.follow(0)) || (await world.send(sent.length))) await world.record(0, DELIVERED);
      }
    },
  };
  return world;
}

export type OrderedWorld = Awaited<ReturnType<typeof startOrderedWorld>>;
