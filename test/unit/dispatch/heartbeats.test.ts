import { createHeartbeats } from '../../../src/dispatch/background/heartbeats.ts';
import type { Queryable } from '../../../src/store/postgres/database.ts';

type Statement = { text: string; query_timeout?: number };

afterEach(() => {
  jest.useRealTimers();
});

test('a look for processes that are gone holds up no heartbeat, however long it hangs', async () => {
  jest.useFakeTimers();
  let beats = 0;
  const failures: unknown[] = [];
  // Only the heartbeats are answered: anything else hangs as long as the caller lets it.
  const query = ({ text, query_timeout: ms = 35_000 }: Statement) => {
    if (!text.includes('hasSilentPeers'))
      return new Promise((_, reject) => setTimeout(() => reject(new Error('Query read timeout')), ms));
    beats += 1;
    return Promise.resolve({ rows: [{ wasLost: false, hasSilentPeers: true }] });
  };
  const heartbeats = createHeartbeats({
    db: {
      query: (statement: string | Statement) =>
        query(typeof statement === 'string' ? { text: statement } : statement),
    } as unknown as Queryable,
    role: 'worker',
    onProcessLost: () => {},
    onRejoined: () => {},
    onFailure: (error) => failures.push(error),
  });

  await jest.advanceTimersByTimeAsync(10_000);

  // Others take a process for silent after 5 s.
  expect(beats).toBeGreaterThanOrEqual(3);
  expect(failures).not.toEqual([]);
  const closed = heartbeats.close();
  await jest.advanceTimersByTimeAsync(40_000);
  await closed;
});
