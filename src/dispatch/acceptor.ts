import type pg from 'pg';
import type { Acceptor } from '../api/ports.ts';
import { acceptEvents, keyOf, type NewDelivery } from '../store/accept-events.ts';
import { isOutage, Overloaded, StoreUnavailable } from '../store/database.ts';
import type { Accepted, EventDraft } from '../store/event-draft.ts';
import type { SecretBox } from '../store/secret-box.ts';
import type { Dispatcher } from './dispatcher.ts';
import { createTurns } from './turns.ts';

/** Events in one transaction: past this the commit's cost is spread thin enough. */
const MAX_GROUP = 100;
/** Transactions at once: while one waits for its fsync, the next collects and writes. */
const MAX_COMMITTING = 2;
/** A transaction costs as much as writing ten events: a second one begins beside the first only for company. */
const SECOND_FROM = 16;
/** Batches in transactions at once, beside those: ten of 15 MB together took each of them ten seconds. */
const MAX_BATCHES = 2;
/** Posts that may wait for a transaction; beyond it the producer is told to come back (503). */
const MAX_WAITING = 10_000;

/** `group`: a common transaction takes no more once it has as many. `held`: what waits or is being written. */
export type AcceptedBytes = { group: number; held: number };
/** Each byte is there several times over while it is written: as hex, and in the buffers of the connection. */
const BYTES: AcceptedBytes = { group: 4 * 1024 * 1024, held: 64 * 1024 * 1024 };

type Waiting = { draft: EventDraft; resolve: (accepted: Accepted) => void; reject: (error: unknown) => void };

/** Stores concurrent posts in common transactions, and starts their workflows once they are committed. */
export function createAcceptor({
  pool,
  box,
  dispatcher,
  processId,
  bytes = BYTES,
}: {
  pool: pg.Pool;
  box: SecretBox;
  dispatcher: Dispatcher;
  processId?: string | null;
  bytes?: AcceptedBytes;
}): Acceptor {
  const inBatchTurn = createTurns(MAX_BATCHES);
  let waiting: Waiting[] = [];
  let committing = 0;
  let heldBytes = 0;

  /** Refuses when the room is used up, not when this does not fit: else a large batch would never find enough of it. */
  async function whileHeld<T>(drafts: EventDraft[], work: () => Promise<T>): Promise<T> {
    if (heldBytes >= bytes.held) throw new Overloaded('too many bytes wait');
    const own = drafts.reduce((sum, draft) => sum + bytesOf(draft), 0);
    heldBytes += own;
    try {
      return await work();
    } finally {
      heldBytes -= own;
    }
  }

  function commitNext(): void {
    const mayCommit = () =>
      committing === 0 || (committing < MAX_COMMITTING && waiting.length >= SECOND_FROM);
    while (waiting.length > 0 && mayCommit()) {
      const group = takeGroup();
      committing += 1;
      void commit(group).finally(() => {
        committing -= 1;
        commitNext();
      });
    }
  }

  /** The same id twice cannot be written by one statement: the second waits, and finds the first. */
  function takeGroup(): Waiting[] {
    const keys = new Set<string>();
    const group: Waiting[] = [];
    const rest: Waiting[] = [];
    let size = 0;
    for (const one of waiting) {
      const key = keyOf(one.draft.projectId, one.draft.id);
      if (group.length < MAX_GROUP && size < bytes.group && !keys.has(key)) {
        keys.add(key);
        size += bytesOf(one.draft);
        group.push(one);
      } else rest.push(one);
    }
    waiting = rest;
    return group;
  }

  async function commit(group: Waiting[]): Promise<void> {
    try {
      const results = await store(
        group.map(({ draft }) => draft),
        false,
      );
      for (const [place, one] of group.entries()) one.resolve(results[place]!);
    } catch (error) {
      if (error instanceof StoreUnavailable || group.length === 1) for (const one of group) one.reject(error);
      else for (const one of group) await commit([one]);
    }
  }

  async function store(drafts: EventDraft[], allOrNone: boolean): Promise<Accepted[]> {
    const assigned: NewDelivery[] = [];
    let unowned = 0;
    const assign = (deliveries: NewDelivery[]): void => {
      dispatcher.assignNew(deliveries);
      assigned.push(...deliveries.filter(({ owner }) => owner !== null));
      unowned += deliveries.filter(({ owner, waitingFor }) => owner === null && waitingFor === null).length;
    };
    const write = () => acceptEvents(pool, box, drafts, assign, allOrNone, processId);
    let started: NewDelivery[] = [];
    let mayBeStored = false;
    try {
      // Once more on a broken connection: the ids are fixed, so what did commit is found, not doubled.
      const batch = await write().catch((error) => {
        mayBeStored = isOutage(error);
        if (mayBeStored) return write();
        throw error;
      });
      started = batch.started;
      return batch.results;
    } catch (error) {
      throw isOutage(error) ? new StoreUnavailable(error) : error;
    } finally {
      const kept = new Set(started);
      dispatcher.abandon(
        assigned.filter((delivery) => !kept.has(delivery)),
        mayBeStored,
      );
      dispatcher.start(started, unowned);
    }
  }

  const queue = (draft: EventDraft): Promise<Accepted> =>
    new Promise((resolve, reject) => {
      if (waiting.length >= MAX_WAITING) return reject(new Overloaded('too many posts wait'));
      waiting.push({ draft, resolve, reject });
      // Not at once: posts that arrived in the same turn of the event loop share the transaction.
      if (waiting.length === 1) setImmediate(commitNext);
    });

  return {
    acceptOne: (draft) => whileHeld([draft], () => queue(draft)),
    acceptAll: (drafts) => whileHeld(drafts, () => inBatchTurn(() => store(drafts, true))),
  };
}

const bytesOf = ({ data, body }: EventDraft): number => data.length + body.length;
