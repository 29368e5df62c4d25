import { type AttemptSlot, createAttemptLimiter } from '../../../src/attempts/attempt-limiter.ts';

const inMs = (ms: number): number => performance.now() + ms;

/** Acquires all slots that the limiter grants at once. */
async function acquireAll(
  limiter: ReturnType<typeof createAttemptLimiter>,
  tenant = 'a',
): Promise<AttemptSlot[]> {
  const slots: AttemptSlot[] = [];
  for (;;) {
    const more = await limiter.acquire(tenant, 10_000, inMs(0));
    if (more.length === 0) return slots;
    slots.push(...more);
  }
}

test('claims are limited to the window of attempts that have not started', async () => {
  const limiter = createAttemptLimiter({ maxConcurrent: 3_000 });

  const slots = await acquireAll(limiter);
  expect(slots).toHaveLength(200);
  for (const slot of slots.slice(0, 30)) slot.markStarted(300);

  expect(await acquireAll(limiter)).toHaveLength(30);
});

test('late starts halve the window, once per stall, and quick starts let it grow again', async () => {
  const limiter = createAttemptLimiter({ maxConcurrent: 3_000 });
  const late = await acquireAll(limiter);
  for (const slot of late) slot.markStarted(600);
  for (const slot of late) slot.release();
  expect(limiter.stats()).toEqual({ inFlight: 0, window: 100 });

  const quick = await acquireAll(limiter);
  expect(quick).toHaveLength(100);
  for (const slot of quick) slot.markStarted(20);

  expect(limiter.stats().window).toBeGreaterThan(120);
});

test('an unused window does not grow', async () => {
  const limiter = createAttemptLimiter({ maxConcurrent: 3_000 });
  for (let n = 0; n < 500; n++) {
    const [slot] = await limiter.acquire('a', 1, inMs(0));
    slot!.markStarted(5);
    slot!.release();
  }
  expect(limiter.stats().window).toBe(200);
});

test('a project with long attempts leaves slots to another', async () => {
  const limiter = createAttemptLimiter({ maxConcurrent: 100 });
  for (let n = 0; n < 100; n++) {
    for (const slot of await limiter.acquire('silent', 10, inMs(0))) slot.markStarted(5);
  }
  expect(limiter.stats().inFlight).toBe(50);

  expect(await limiter.acquire('other', 10, inMs(0))).toHaveLength(10);
});

test('a slot that is released in any state, or twice, is freed once', async () => {
  const limiter = createAttemptLimiter({ maxConcurrent: 10 });
  const [claimed, started, deferred] = await limiter.acquire('a', 3, inMs(0));
  started!.markStarted(1);
  deferred!.markDeferred();
  for (const slot of [claimed!, started!, deferred!, started!]) slot.release();

  expect(limiter.stats().inFlight).toBe(0);
});
