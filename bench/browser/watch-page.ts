import { setTimeout as sleep } from 'node:timers/promises';
import type { Page } from 'playwright-core';

/** A call of the API; the assets and the page itself are none. */
const isCall = (url: string): boolean => /\/(v1\/|readyz)/.test(new URL(url).pathname);
const isStream = (url: string): boolean => new URL(url).pathname.endsWith('/v1/outcomes');

export type Asked = { perSecond: number; streams: number };

/** Calls of the API per second, and the most streams at once, while a page is open for `seconds`. */
export async function askedWhileOpen(page: Page, seconds: number): Promise<Asked> {
  let calls = 0;
  const count = (request: { url(): string }): void => {
    if (isCall(request.url()) && !isStream(request.url())) calls += 1;
  };
  page.on('request', count);
  await sleep(seconds * 1_000);
  page.off('request', count);
  const streams = await page.evaluate<number>('globalThis.openStreams ?? 0');
  return { perSecond: calls / seconds, streams };
}

/** Counts the streams that a page opens and that have not ended. Before its scripts run. */
export const COUNT_STREAMS = `
  const call = globalThis.fetch;
  globalThis.openStreams = 0;
  globalThis.fetch = async (input, options) => {
    const url = String(input?.url ?? input);
    if (!/\\/v1\\/outcomes/.test(url)) return call(input, options);
    globalThis.openStreams += 1;
    const ended = () => { globalThis.openStreams -= 1; };
    options?.signal?.addEventListener('abort', ended, { once: true });
    return call(input, options);
  };`;

/** As the browser does for a tab behind another one; the pages of a browser without a screen are always visible. */
export const hide = (page: Page): Promise<void> =>
  page.evaluate(`
    Object.defineProperty(document, 'hidden', { value: true, configurable: true });
    Object.defineProperty(document, 'visibilityState', { value: 'hidden', configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));`);

/**
 * Looks at each frame what the expression is, and returns it once it is true. The page's content security policy allows no `eval`,
 * so the browser evaluates all of it at once, which `waitForFunction` does not.
 */
export const untilTrue = (page: Page, expression: string): Promise<number> =>
  page.evaluate<number>(`
    new Promise((resolve, reject) => {
      const endsAt = performance.now() + 60_000;
      const look = () => {
        const value = (${expression});
        if (value) resolve(value);
        else if (performance.now() > endsAt) reject(new Error('not true within 60 s: ' + location.href + ' shows '
          + (document.querySelector('main') ?? document.body).innerText.slice(0, 1_000)));
        else requestAnimationFrame(look);
      };
      look();
    })`);

export type RowWatch = {
  /** Frames that were drawn, and how often another row, or the row at another height, was under the pointer. */
  end(): Promise<{ frames: number; moves: number }>;
};

/**
 * Moves the pointer onto the row of a table, and looks at each frame what is under it. The place is read in one step in the page:
 * in a list that follows 500 events/s, an element that was found first is often gone when its place is asked for.
 */
export async function watchRow(page: Page, row: number): Promise<RowWatch> {
  const box = await page.evaluate<{ x: number; y: number } | null>(`(() => {
    const box = document.querySelectorAll('tbody tr')[${row}]?.getBoundingClientRect();
    return box ? { x: box.x + 60, y: box.y + box.height / 2 } : null;
  })()`);
  if (!box) throw new Error(`the table of ${new URL(page.url()).pathname} has no row ${row}`);
  const { x, y } = box;
  await page.mouse.move(x, y);
  await page.evaluate(`{
    const rowUnder = () => document.elementFromPoint(${x}, ${y})?.closest('tr');
    let row = rowUnder();
    let top = row?.getBoundingClientRect().top;
    const watch = { frames: 0, moves: 0, ends: false };
    globalThis.rowWatch = watch;
    const look = () => {
      const now = rowUnder();
      const nowTop = now?.getBoundingClientRect().top;
      watch.frames += 1;
      if (now !== row || nowTop !== top) watch.moves += 1;
      row = now;
      top = nowTop;
      if (!watch.ends) requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  }`);
  return {
    end: () => page.evaluate('(globalThis.rowWatch.ends = true, globalThis.rowWatch)'),
  };
}

/** Megabytes of JavaScript objects that are in use. */
export async function heapMb(page: Page): Promise<number> {
  const session = await page.context().newCDPSession(page);
  await session.send('HeapProfiler.collectGarbage');
  const { usedSize } = await session.send('Runtime.getHeapUsage');
  await session.detach();
  return usedSize / 1024 / 1024;
}
