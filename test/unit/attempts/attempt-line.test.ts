import { resultNow } from '../../../src/attempts/attempt-claims.ts';
import type { AttemptSlot } from '../../../src/attempts/attempt-limiter.ts';
import { createAttemptLine } from '../../../src/attempts/attempt-line.ts';
import type { DeliveryResult } from '../../../src/policy/delivery-result.ts';

const OWNER = 'group/prj_1/a';
const STEPS = ['a', 'b', 'c'].map((id) => ({ id, step: 0 }));

const delivered = (id: string): DeliveryResult => ({ id, kind: 'delivered', lastOutcome: 'delivered' });
const undeliverable = (id: string): DeliveryResult => ({ id, kind: 'undeliverable', lastOutcome: '410' });
const retrying = (id: string): DeliveryResult => ({
  id,
  kind: 'waiting',
  step: 1,
  dueInMs: 60_000,
  lastOutcome: '500',
});

/** A line whose attempts end in this way, one after the other. An error is what the claim throws. */
function startLine(ends: (((id: string) => DeliveryResult) | Error)[]) {
  const log: string[] = [];
  const failures: unknown[] = [];
  let underWay = 0;
  const line = createAttemptLine({
    limiter: {
      acquire: async () => [{ markStarted() {}, markDeferred() {}, release() {} } satisfies AttemptSlot],
    },
    claimAndAttempt: async ([step]) => {
      const end = ends.shift()!;
      if (end instanceof Error) throw end;
      log.push(`attempt ${step!.id}`);
      underWay += 1;
      expect(underWay).toBe(1);
      expect(line.isUnderWay('ep_1')).toBe(true);
      const results = new Promise<void>((resolve) => setImmediate(resolve)).then(() => {
        underWay -= 1;
        return [resultNow(end(step!.id))];
      });
      return { results };
    },
    releaseUnclaimed: async (steps) => {
      log.push(...steps.map(({ id }) => `release ${id}`));
      return steps.map(({ id }) => resultNow({ id, kind: 'released' }));
    },
    onClaimed: (owner) => log.push(`claimed ${owner}`),
    onTurnEnded: ({ projectId, receiver }) => log.push(`turn of ${projectId} ${receiver} ended`),
    onFailure: (error) => void failures.push(error),
  });
  const attempt = async () => {
    const results = await line.attempt(STEPS, 'ep_1', OWNER, performance.now() + 10_000);
    return results.map((result) => (result.kind === 'result' ? result.result.kind : result.kind));
  };
  return { line, log, failures, attempt };
}

const CLAIMED = `claimed ${OWNER}`;
const ENDED = 'turn of prj_1 ep_1 ended';

test('each is attempted when the one before has ended, and the start slot is freed once', async () => {
  const { line, log, attempt } = startLine([delivered, undeliverable, delivered]);
  expect(await attempt()).toEqual(['delivered', 'undeliverable', 'delivered']);
  expect(log).toEqual(['attempt a', CLAIMED, 'attempt b', 'attempt c', ENDED]);
  expect(line.isUnderWay('ep_1')).toBe(false);
});

test('behind one that has to be repeated, the rest is released', async () => {
  const { log, attempt } = startLine([retrying]);
  expect(await attempt()).toEqual(['waiting', 'released', 'released']);
  expect(log).toEqual(['attempt a', CLAIMED, 'release b', 'release c', ENDED]);
});

test('if the first claim fails, nothing has happened, and the activity is repeated', async () => {
  const { log, attempt } = startLine([new Error('Postgres is down')]);
  await expect(attempt()).rejects.toThrow('Postgres is down');
  expect(log).toEqual([ENDED]);
});

test('if a later claim fails, what has ended is reported, and the rest is released', async () => {
  const { log, failures, attempt } = startLine([delivered, new Error('Postgres is down')]);
  expect(await attempt()).toEqual(['delivered', 'released', 'released']);
  expect(log).toEqual(['attempt a', CLAIMED, 'release b', 'release c', ENDED]);
  expect(failures).toHaveLength(1);
});
