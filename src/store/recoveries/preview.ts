import type { Queryable } from '../postgres/database.ts';
import { MAX_ROWS_SEARCHED, MAX_SEARCH_MS } from '../postgres/searches.ts';
import type { JobScope } from './job-row.ts';
import { countNext } from './look.ts';

/** What a job would do. `countedTo`: where counting stopped; null if all was counted. */
export type Preview = {
  matches: number;
  oldestAt: Date | null;
  newestAt: Date | null;
  endpoints: number;
  countedTo: string | null;
};

const ROWS_AT_ONCE = 2_500;

/** Counts what a job is about, among at most 20,000 rows and for at most 1.5 s. */
export async function previewJob(db: Queryable, job: JobScope): Promise<Preview> {
  const until = performance.now() + MAX_SEARCH_MS;
  const endpoints = new Set<string | null>();
  const preview = { matches: 0, oldestAt: null as Date | null, newestAt: null as Date | null };
  let next: string | null = '';
  for (let rows = 0; next !== null && rows < MAX_ROWS_SEARCHED && performance.now() < until; ) {
    const counted = await countNext(db, job, next, ROWS_AT_ONCE);
    rows += ROWS_AT_ONCE;
    next = counted.next;
    preview.matches += counted.matches;
    // Read from the oldest to the newest.
    preview.oldestAt ??= counted.oldestAt;
    preview.newestAt = counted.newestAt ?? preview.newestAt;
    for (const endpoint of counted.endpoints) endpoints.add(endpoint);
  }
  return { ...preview, endpoints: endpoints.size, countedTo: next };
}
