import type { Page, Request } from 'playwright-core';
import { eventually } from '../set-up/eventually.ts';

export type RequestCount = {
  /** Calls of the API since the last reset, without streams. */
  count(): number;
  /** Streams that are open. */
  streams(): number;
  reset(): void;
  /** Waits until no call is under way. */
  untilAnswered(): Promise<void>;
};

const isStream = (request: Request): boolean => new URL(request.url()).pathname.endsWith('/v1/outcomes');
const isCall = (request: Request): boolean => /\/(v1\/|readyz)/.test(new URL(request.url()).pathname);

/** Counts what a page asks the API. */
export function countRequests(page: Page): RequestCount {
  const calls = new Set<Request>();
  const streams = new Set<Request>();
  let count = 0;
  page.on('request', (request) => {
    if (isStream(request)) streams.add(request);
    else if (isCall(request)) {
      calls.add(request);
      count += 1;
    }
  });
  const end = (request: Request): void => {
    calls.delete(request);
    streams.delete(request);
  };
  page.on('requestfinished', end);
  page.on('requestfailed', end);
  return {
    count: () => count,
    streams: () => streams.size,
    reset: () => {
      count = 0;
    },
    untilAnswered: () => eventually(() => calls.size === 0, 60_000),
  };
}
