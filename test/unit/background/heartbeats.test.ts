import { createHeartbeats } from '../../../src/background/heartbeats.ts';
import type { Queryable } from '../../../src/store/postgres/database.ts';

type Statement = { text: string; query_timeout?: number };

afterEach(() => {
  jest.useRealTimers();
});

test('a search for lost processes delays no heartbeat, however long it hangs', async () => {
  jest.useFakeTimers();
  let beats = 0;
  const failures: unknown[] = [];
  // Only heartbeats get a result. Every other query hangs until its timeout.
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

  // Other processes count a process as silent after 5 s.
  expect(beats).toBeGreaterThanOrEqual(3);
  expect(failures).not.toEqual([]);
  const closed = heartbeats.close();
  await jest.advanceTimersByTimeAsync(40_000);
  await closed;
});
