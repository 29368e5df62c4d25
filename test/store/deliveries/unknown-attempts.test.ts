import { assignDue } from '../../../src/store/deliveries/assignments/assign-due.ts';
import { releaseLost } from '../../../src/store/deliveries/reconciliation.ts';
import { retryDelivery } from '../../../src/store/deliveries/retry-and-cancel.ts';
import { POLICY } from '../seed.ts';
import { useClaims } from './claims-set-up.ts';

const suite = useClaims();
const { claim, record, createDelivery } = suite;

test('a claim that was never recorded becomes an unknown attempt, and the delivery is attempted again at once', async () => {
  const id = await createDelivery();
  await claim('mine', id);

  const { claims } = await claim('mine', id);

  expect(claims).toMatchObject([{ id, epoch: 2, step: 0, attempts: 1, trigger: 'rerun' }]);
  expect(await suite.store.attemptsOf(id)).toMatchObject([
    { number: 1, epoch: 1, step: 0, outcome: 'unknown' },
  ]);
  expect(await suite.store.deliveryOf(id)).toMatchObject({ status: 'retrying', last_outcome: 'unknown' });
});

test('a claim that a lost workflow left open is written off by the next owner', async () => {
  const id = await createDelivery();
  await claim('mine', id);
  await suite.store.pool.query(
    `UPDATE deliveries SET claimed_at = now() - interval '60 days' WHERE id = $1`,
    [id],
  );
  await releaseLost(suite.store.pool, 'mine', [id]);
  const next = await assignDue(suite.store.pool, suite.store.project, {
    maxDeliveries: 1,
    minDeliveries: 1,
    grouping: true,
    uuid: 'next',
  });

  const { claims } = await claim(next!.workflowId, id);

  expect(claims).toMatchObject([{ epoch: 2, trigger: 'rerun' }]);
  expect(await suite.store.attemptsOf(id)).toMatchObject([{ outcome: 'unknown' }]);
});

test('after two unknown attempts in a row a delivery is isolated; each further one uses a step, until it is undeliverable', async () => {
  const id = await createDelivery();
  await claim('mine', id);
  await claim('mine', id);
  expect(await claim('mine', id)).toEqual({ claims: [], results: [{ id, kind: 'released' }] });
  expect(await suite.store.deliveryOf(id)).toMatchObject({
    lane: 'isolated',
    owner: null,
    step: 0,
    unknown_streak: 2,
  });

  await createDelivery(null); // another due delivery, with which it must not share a workflow
  const grouping = { maxDeliveries: 10, minDeliveries: 1, grouping: true };
  let assignment = await assignDue(suite.store.pool, suite.store.project, { ...grouping, uuid: 'a' });
  if (assignment?.lane !== 'isolated')
    assignment = await assignDue(suite.store.pool, suite.store.project, { ...grouping, uuid: 'b' });
  expect(assignment).toMatchObject({ lane: 'isolated', deliveries: [{ id, step: 0 }] });
  const owner = assignment!.workflowId;

  for (let step = 0; step < 4; step++) {
    expect((await claim(owner, id, step)).claims).toHaveLength(1);
    expect(await claim(owner, id, step)).toMatchObject({
      claims: [],
      results: [
        { id, kind: 'waiting', step: step + 1, dueInMs: POLICY.delays[step]! * 1000, lastOutcome: 'unknown' },
      ],
    });
    await retryDelivery(suite.store.pool, suite.store.project, null, id);
  }
  await claim(owner, id, 4);
  expect(await claim(owner, id, 4)).toMatchObject({
    results: [{ id, kind: 'undeliverable', lastOutcome: 'unknown' }],
  });
  expect(await suite.store.deliveryOf(id)).toMatchObject({
    status: 'undeliverable',
    reason: 'exhausted',
    attempts: 7,
  });
  expect((await suite.store.attemptsOf(id)).map(({ number }) => number)).toEqual([1, 2, 3, 4, 5, 6, 7]);
});

test('a recorded attempt resets the count of unknown attempts in a row', async () => {
  const id = await createDelivery();
  await claim('mine', id);
  await record((await claim('mine', id)).claims[0]!, { retryInMs: 0 });

  await claim('mine', id, 1);
  expect((await claim('mine', id, 1)).claims).toHaveLength(1);
});

test('a late outcome of a claim that was written off updates the attempt, and not the delivery', async () => {
  const id = await createDelivery();
  const [late] = (await claim('mine', id)).claims;
  const [current] = (await claim('mine', id)).claims;

  expect(await record(late!, { outcome: 'delivered', statusCode: 200 })).toEqual([]);

  expect(await suite.store.attemptsOf(id)).toMatchObject([
    { number: 1, outcome: 'delivered', status_code: 200 },
  ]);
  expect(await suite.store.deliveryOf(id)).toMatchObject({
    status: 'retrying',
    claimed_at: expect.any(Date),
  });
  expect(await record(current!)).toMatchObject([{ id, epoch: 2, status: 'retrying', attempts: 2 }]);
});
