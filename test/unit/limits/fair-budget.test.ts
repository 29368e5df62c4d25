import fc from 'fast-check';
import { FairBudget } from '../../../src/limits/fair-budget.ts';

const inMs = (ms: number): number => performance.now() + ms;
const now = { max: 1, until: inMs(0) };

test('a single tenant gets half, and later tenants find capacity at once', async () => {
  const budget = new FairBudget(100);

  expect(await budget.acquire('a', { max: 1_000, until: inMs(0) })).toBe(50);
  expect(await budget.acquire('a', { max: 1_000, until: inMs(0) })).toBe(0);
  expect(await budget.acquire('b', { max: 1_000, until: inMs(0) })).toBe(25);
  expect(await budget.acquire('c', { max: 5, until: inMs(0) })).toBe(5);
});

test('waiting tenants are served in turn, and the requests of each in order', async () => {
  const budget = new FairBudget(2);
  await budget.acquire('a', now);
  await budget.acquire('b', now);
  const served: string[] = [];
  const waits = ['a', 'a', 'a', 'b', 'b'].map((tenant, index) =>
    budget.acquire(tenant, { max: 1, until: inMs(5_000) }).then(() => {
      served.push(`${tenant}${index}`);
      setImmediate(() => budget.release(tenant, 1));
    }),
  );
  budget.release('a', 1);
  budget.release('b', 1);
  await Promise.all(waits);

  expect(served).toEqual(['a0', 'b3', 'a1', 'b4', 'a2']);
});

test('an amount larger than the whole budget is granted once nothing else is held', async () => {
  const budget = new FairBudget(10);
  await budget.acquire('a', now);
  const large = budget.acquire('b', { max: 25, min: 25, until: inMs(5_000) });

  budget.release('a', 1);

  expect(await large).toBe(25);
  budget.release('b', 25);
  expect(budget.used).toBe(0);
});

test('a request that waits past its deadline gets nothing and delays nobody', async () => {
  const budget = new FairBudget(1);
  await budget.acquire('a', now);
  const late = budget.acquire('b', { max: 1, until: inMs(20) });
  const patient = budget.acquire('b', { max: 1, until: inMs(5_000) });

  expect(await late).toBe(0);
  budget.release('a', 1);

  expect(await patient).toBe(1);
});

test('it never grants more than the total or less than the minimum, and grants released amounts again', async () => {
  const request = fc.record({
    tenant: fc.constantFrom('a', 'b', 'c', 'd'),
    max: fc.integer({ min: 1, max: 40 }),
    min: fc.integer({ min: 1, max: 40 }),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 50 }),
      fc.array(request, { maxLength: 60 }),
      async (total, requests) => {
        const budget = new FairBudget(total);
        const pending = requests.map(async ({ tenant, max, min }) => {
          const amount = await budget.acquire(tenant, {
            max: Math.max(max, min),
            min,
            until: inMs(10_000),
          });
          expect(amount).toBeGreaterThanOrEqual(min);
          expect(budget.used).toBeLessThanOrEqual(Math.max(total, amount));
          await new Promise((resolve) => setImmediate(resolve));
          budget.release(tenant, amount);
        });
        await Promise.all(pending);
        expect(budget.used).toBe(0);
      },
    ),
    { numRuns: 100 },
  );
});
