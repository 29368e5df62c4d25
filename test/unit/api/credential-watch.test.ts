import { createCredentialWatch } from '../../../src/api/auth/credential-watch.ts';

const [KEPT, DELETED] = [Buffer.from('kept'), Buffer.from('deleted')] as const;

let isDeleted: boolean;
let isDown: boolean;
let queries: number;
let gone: string[];

beforeEach(() => {
  jest.useFakeTimers();
  [isDeleted, isDown, queries, gone] = [false, false, 0, []];
});
afterEach(() => void jest.useRealTimers());

function watchBoth(): () => void {
  const { watch } = createCredentialWatch(async (hashes) => {
    queries += 1;
    if (isDown) throw new Error('Postgres is down');
    return hashes.filter((hash) => !(isDeleted && hash.equals(DELETED)));
  });
  const stops = [watch(KEPT, () => gone.push('kept')), watch(DELETED, () => gone.push('deleted'))];
  return () => {
    for (const stop of stops) stop();
  };
}

test('the stream of a deleted key is told within 1 s, and that of another key is not', async () => {
  const stop = watchBoth();
  await jest.advanceTimersByTimeAsync(5_000);
  expect(gone).toEqual([]);

  isDeleted = true;
  await jest.advanceTimersByTimeAsync(1_000);

  expect(new Set(gone)).toEqual(new Set(['deleted']));
  stop();
});

test('one query checks the keys of all streams, and none runs when no stream is open', async () => {
  const stop = watchBoth();
  await jest.advanceTimersByTimeAsync(1_000);
  expect(queries).toBe(2);

  stop();
  await jest.advanceTimersByTimeAsync(5_000);
  expect(queries).toBe(2);
});

test('while Postgres is down, keys count as existing', async () => {
  const stop = watchBoth();
  [isDown, isDeleted] = [true, true];
  await jest.advanceTimersByTimeAsync(5_000);
  expect(gone).toEqual([]);

  isDown = false;
  await jest.advanceTimersByTimeAsync(1_000);
  expect(gone).toContain('deleted');
  stop();
});
