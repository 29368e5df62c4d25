import { setImmediate as nextTick } from 'node:timers/promises';
import type { AttemptResult, ClaimedDelivery } from '../../../src/attempts/attempt-claims.ts';
import { createAttemptLimiter } from '../../../src/attempts/attempt-limiter.ts';
import type { Reserve } from '../../../src/dispatch/reservation.ts';
import { createExpressAttempts, type ExpressDependencies } from '../../../src/express/express-attempts.ts';
import { createExpressCapacity } from '../../../src/express/express-capacity.ts';
import type { NewDelivery } from '../../../src/store/events/accept/match-receivers.ts';
import { eventually } from '../../set-up/eventually.ts';
import { draftWith, matchedDelivery } from './deliveries.ts';

const DELIVERED: AttemptResult = {
  kind: 'result',
  result: { id: '', kind: 'delivered', lastOutcome: '200' },
  endedAt: 0,
};
const WAITING: AttemptResult = {
  kind: 'result',
  result: { id: '', kind: 'waiting', step: 0, dueInMs: 1_000, lastOutcome: 'internal error' },
  endedAt: 0,
};

function start(changes: Partial<ExpressDependencies> = {}, attemptResult: AttemptResult = DELIVERED) {
  const attempted: ClaimedDelivery[] = [];
  const released: string[] = [];
  const handedOver: string[] = [];
  const failures: unknown[] = [];
  const stored: number[][] = [];
  const others = { reserved: [] as string[], stored: [] as string[], uncertain: [] as string[] };
  const limiter = createAttemptLimiter({ maxConcurrent: 100 });
  const otherwise: Reserve = (deliveries) => {
    others.reserved.push(...deliveries.map(({ id }) => id));
    return {
      owners: deliveries.map(({ id }) => `workflow of ${id}`),
      commit: (isStored) => others.stored.push(...deliveries.filter(isStored).map(({ id }) => id)),
      release: (mayBeStored) => mayBeStored && others.uncertain.push(...deliveries.map(({ id }) => id)),
    };
  };
  const express = createExpressAttempts({
    engine: {
      async attemptClaimed(claimed) {
        attempted.push(claimed);
        await nextTick();
        claimed.slot.release();
        return attemptResult;
      },
      releaseClaim: async ({ id }) => void released.push(id),
    },
    limiter,
    capacity: createExpressCapacity(100),
    processId: () => 'prc_a',
    otherwise,
    reserveRetry: () => ({ owner: 'retry', commit: () => {}, release: () => {} }),
    handOver: async (owner, id) => void handedOver.push(`${owner} ${id}`),
    onStored: (...counts) => stored.push(counts),
    onFailure: (error) => failures.push(error),
    ...changes,
  });
  return { express, attempted, released, handedOver, failures, stored, others, limiter };
}

const all = () => true;
const idsOf = (deliveries: NewDelivery[]) => deliveries.map(({ id }) => id);

test('each delivery is attempted by this process or goes to the dispatcher, in the order of the deliveries', async () => {
  const { express, attempted, others, stored } = start();
  const [one, slow, three] = [matchedDelivery(), matchedDelivery({ lane: 'restricted' }), matchedDelivery()];

  const reservation = express.reserve([one, slow, three]);
  expect(reservation.owners).toEqual(['express/prc_a', `workflow of ${slow.id}`, 'express/prc_a']);
  reservation.commit(all);
  await express.close();

  expect(attempted.map(({ claim }) => claim.id)).toEqual(idsOf([one, three]));
  expect(others.stored).toEqual([slow.id]);
  expect(stored).toEqual([[2, 1]]);
});

test('nothing is attempted before the commit, and nothing that was not stored', async () => {
  const { express, attempted, limiter } = start();
  const [stored, existed] = [matchedDelivery(), matchedDelivery()];

  const reservation = express.reserve([stored, existed]);
  await nextTick();
  await nextTick();
  expect(attempted).toEqual([]);
  reservation.commit((delivery) => delivery === stored);
  await express.close();

  expect(attempted.map(({ claim }) => claim.id)).toEqual([stored.id]);
  expect(limiter.stats().inFlight).toBe(0);
});

test('the attempt starts after the caller of commit has returned', () => {
  const { express, attempted } = start();

  express.reserve([matchedDelivery()]).commit(all);

  expect(attempted).toEqual([]);
});

test('after a failed transaction nothing is attempted, and all places are free', () => {
  const { express, attempted, released, others, limiter } = start({ capacity: createExpressCapacity(2) });

  for (let n = 0; n < 5; n++) {
    const reservation = express.reserve([matchedDelivery()]);
    expect(reservation.owners).toEqual(['express/prc_a']);
    reservation.release(false);
  }

  expect([attempted, released, others.reserved]).toEqual([[], [], []]);
  expect(limiter.stats().inFlight).toBe(0);
});

test('after a commit whose answer was lost, nothing is attempted, and claims that may exist are released', async () => {
  const { express, attempted, released, others, limiter } = start();
  const [mine, slow] = [matchedDelivery(), matchedDelivery({ lane: 'restricted' })];

  express.reserve([mine, slow]).release(true);
  await express.close();

  expect(attempted).toEqual([]);
  expect(released).toEqual([mine.id]);
  expect(others.uncertain).toEqual([slow.id]);
  expect(limiter.stats().inFlight).toBe(0);
});

test('before the first heartbeat, and after close, the dispatcher gets all deliveries', async () => {
  let id: string | null = null;
  const { express, others } = start({ processId: () => id });
  const deliveries = [matchedDelivery(), matchedDelivery(), matchedDelivery()];

  express.reserve([deliveries[0]!]).commit(all);
  id = 'prc_a';
  express.reserve([deliveries[1]!]).commit(all);
  await express.close();
  express.reserve([deliveries[2]!]).commit(all);

  expect(others.reserved).toEqual(idsOf([deliveries[0]!, deliveries[2]!]));
});

test('without a free slot or a free place, the dispatcher gets the rest', () => {
  const capacity = createExpressCapacity(6);
  const noSlots = createAttemptLimiter({ maxConcurrent: 2 });
  const { express, others } = start({ capacity, limiter: noSlots });
  const deliveries = Array.from({ length: 5 }, () => matchedDelivery());

  const { owners, release } = express.reserve(deliveries);

  const taken = owners.filter((owner) => owner === 'express/prc_a').length;
  expect(taken).toBeGreaterThan(0);
  expect(others.reserved).toEqual(idsOf(deliveries.slice(taken)));
  release(false);
  // What found no slot has returned its place.
  for (const delivery of deliveries.slice(0, 3)) expect(capacity.take(delivery)).toBe(true);
});

test('a delivery whose claim may still be open after an internal error is handed over', async () => {
  const { express, handedOver } = start({}, WAITING);
  const delivery = matchedDelivery();

  express.reserve([delivery]).commit(all);
  await express.close();

  expect(handedOver).toEqual([`express/prc_a ${delivery.id}`]);
});

test('a delivery that a workflow carries on is not handed over', async () => {
  const { express, handedOver } = start({
    engine: {
      async attemptClaimed({ claim, reserveRetry }) {
        reserveRetry!({ ...claim, step: 1, retry: { delayMs: 1, endedAt: 0, lastOutcome: '500' } }).commit();
        return WAITING;
      },
      releaseClaim: async () => {},
    },
  });

  express.reserve([matchedDelivery()]).commit(all);
  await express.close();

  expect(handedOver).toEqual([]);
});

test('an attempt that throws, and a hand-over that fails, are reported and free their places', async () => {
  const capacity = createExpressCapacity(2);
  const handOver = async () => {
    throw new Error('Postgres is down');
  };
  const { express, failures } = start({ capacity, handOver }, WAITING);
  const delivery = matchedDelivery();

  express.reserve([delivery]).commit(all);
  await eventually(() => failures.length === 1);

  expect(capacity.take(delivery)).toBe(true);
});

test('after 2 MiB of bodies, other work gets a turn before the next attempt starts', async () => {
  const { express, attempted } = start();
  const draft = draftWith(Buffer.alloc(64 * 1024));

  express.reserve(Array.from({ length: 40 }, () => matchedDelivery({ draft }))).commit(all);
  await nextTick();
  const atOnce = attempted.length;
  await express.close();

  expect(atOnce).toBeLessThanOrEqual(32);
  expect(attempted).toHaveLength(40);
});
