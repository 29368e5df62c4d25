import { setTimeout as sleep } from 'node:timers/promises';
import type { BenchContext, Row, Scenario } from '../bench.ts';
import { type SignedInBrowser, startSignedIn } from '../browser/signed-in-browser.ts';
import { askedWhileOpen, COUNT_STREAMS, heapMb, hide, untilTrue, watchRow } from '../browser/watch-page.ts';
import { compileOnce } from '../load/closed-loop.ts';
import { openSubject } from '../load/subjects.ts';
import { median, roundForReport } from '../percentiles.ts';
import type { FirstAttempt } from '../processes/posthorn.ts';

const PER_SECOND = 500;
/** Loads follow each other, so that publisher and receiver forget what they know of a load. */
const LOAD_SECONDS = 10;
const OPENINGS = 5;
const FILTER_CHANGES = 10;
const RARE = ['bench.rare-a', 'bench.rare-b'];
/** For the page to have all that it keeps. */
const SETTLE_SECONDS = 10;

/** What a reader of the dashboard notices beside a busy service, and what an open page costs. */
export const dashboard: Scenario = {
  title: `The dashboard beside ${PER_SECOND} events/s`,
  runByDefault: false,
  takes: '13 min',
  async run(bench) {
    const rows: Row[] = [];
    for (const firstAttempt of bench.firstAttempts) rows.push(...(await besideLoad(bench, firstAttempt)));
    return rows;
  },
};

type Project = { base: string; endpoint: string };

async function besideLoad(bench: BenchContext, firstAttempt: FirstAttempt): Promise<Row[]> {
  const { url, key } = await openSubject(bench, firstAttempt, 1).then(async (subject) => {
    await compileOnce(bench, subject, 1);
    return subject;
  });
  const posthorn = await bench.posthorn({ grouping: 'auto', firstAttempt });
  for (const type of RARE) for (let n = 0; n < 30; n++) await post(url, key, type);
  const project: Project = await projectOf(url, key);
  const load = startLoad(bench, { url: posthorn.url, key });
  const browser = await startSignedIn(url, key);
  try {
    const rows = [
      await firstScreen(
        browser,
        `${project.base}/`,
        'first screen from a cold cache: overview',
        OVERVIEW_IS_SHOWN,
      ),
      await firstScreen(
        browser,
        `${project.base}/events`,
        'first screen from a cold cache: events',
        LIST_IS_SHOWN,
      ),
      await filterChanges(browser, project),
    ];
    for (const screen of ['events', 'stream'])
      rows.push(...(await live(browser, project, screen, 2 * bench.seconds)));
    for (const path of ['/', '/attention', '/endpoints', `/endpoints/${project.endpoint}`])
      rows.push(...(await left(browser, project, path, bench.seconds)));
    return rows.map((row) => ({ 'first attempt': firstAttempt, ...row }));
  } finally {
    await browser.close();
    await load.end();
  }
}

/** Offers events until it is ended. */
function startLoad(
  bench: BenchContext,
  { url, key }: { url: string; key: string },
): { end(): Promise<void> } {
  let ends = false;
  const loads = (async () => {
    while (!ends) {
      const run = bench.nextRunId();
      await bench.receiver.call('reset', run);
      const loop = { kind: 'open', perSecond: PER_SECOND, seconds: LOAD_SECONDS } as const;
      const { failedPosts } = await bench.publisher.call('publish', { url, key, run, loop });
      if (failedPosts > 0) console.error(`${failedPosts} posts were refused`);
    }
  })();
  return {
    async end() {
      ends = true;
      await loads;
    },
  };
}

const row = (what: string, goal: string, measured: string | number, worst: string | number = ''): Row => ({
  ...{ '': what, goal, measured, worst },
});

const OVERVIEW_IS_SHOWN = `
  document.querySelector('h1')?.textContent === 'Overview' && !document.body.textContent.includes('Looking …')
  && !document.querySelector('[class*="keleton"]') && performance.now()`;
const LIST_IS_SHOWN = `document.querySelectorAll('tbody tr').length >= 20 && performance.now()`;

/** Milliseconds from the beginning of the navigation until a frame shows what the page is for. */
async function firstScreen(
  browser: SignedInBrowser,
  url: string,
  what: string,
  isShown: string,
): Promise<Row> {
  const took: number[] = [];
  for (let n = 0; n < OPENINGS; n++) {
    const page = await browser.open();
    await page.goto(url, { waitUntil: 'commit' });
    took.push(await untilTrue(page, isShown));
    await page.context().close();
  }
  return row(`${what} (ms)`, '1,500', Math.round(median(took)), Math.round(Math.max(...took)));
}

async function filterChanges(browser: SignedInBrowser, { base }: Project): Promise<Row> {
  const page = await browser.open();
  await page.goto(`${base}/events`);
  await untilTrue(page, LIST_IS_SHOWN);
  const took: number[] = [];
  for (let n = 0; n < FILTER_CHANGES; n++) {
    const type = RARE[n % RARE.length]!;
    const field = page.getByLabel('Filter events');
    await field.fill(`type:${type}`);
    await page.evaluate(`addEventListener('keydown', () => { globalThis.pressedAt = performance.now(); },
                                          { capture: true, once: true })`);
    await field.press('Enter');
    took.push(
      await untilTrue(
        page,
        `(() => {
          const rows = [...document.querySelectorAll('tbody tr')];
          return rows.length > 0 && rows.every((row) => row.textContent.includes('${type}'))
            && performance.now() - globalThis.pressedAt;
        })()`,
      ),
    );
  }
  await page.context().close();
  return row(
    'filter change in the list of events (ms)',
    '300',
    Math.round(median(took)),
    Math.round(Math.max(...took)),
  );
}

/** The pointer rests on a row of a list that follows. */
async function live(
  browser: SignedInBrowser,
  { base }: Project,
  screen: string,
  seconds: number,
): Promise<Row[]> {
  const page = await browser.open();
  await page.addInitScript(COUNT_STREAMS);
  await page.goto(`${base}/${screen}`);
  await untilTrue(page, LIST_IS_SHOWN);
  await sleep(SETTLE_SECONDS * 1_000);
  const watch = await watchRow(page, 3);
  const before = await heapMb(page);
  const { perSecond, streams } = await askedWhileOpen(page, seconds);
  const { frames, moves } = await watch.end();
  // The rows that wait are shown again, so that both figures are of the same list.
  await page.mouse.move(2, 2);
  const after = await heapMb(page);
  await hide(page);
  await sleep(1_000);
  const hidden = await askedWhileOpen(page, SETTLE_SECONDS);
  await page.context().close();
  const name = `${screen}, live for ${seconds} s`;
  return [
    row(`${name}: moves under the pointer, in ${frames} frames`, '0', moves),
    row(`${name}: heap in MB, before and after`, 'flat', `${before.toFixed(1)} → ${after.toFixed(1)}`),
    row(`${name}: calls/s`, '1', roundForReport(perSecond)),
    row(`${name}: streams`, '1', streams),
    row(`${name}: calls/s and streams while hidden`, '0 and 0', `${hidden.perSecond} and ${hidden.streams}`),
  ];
}

/** A screen that is left open. */
async function left(
  browser: SignedInBrowser,
  { base }: Project,
  path: string,
  seconds: number,
): Promise<Row[]> {
  const page = await browser.open();
  await page.addInitScript(COUNT_STREAMS);
  await page.goto(`${base}${path}`);
  await page.waitForLoadState('networkidle', { timeout: 60_000 }).catch(() => {}); // never, with a stream
  const { perSecond, streams } = await askedWhileOpen(page, seconds);
  await page.context().close();
  const name = path.replace(/ep_.*/, '{id}');
  return [
    row(
      `${name}, open for ${seconds} s: calls/s and streams`,
      '1 and 1',
      `${roundForReport(perSecond)} and ${streams}`,
    ),
  ];
}

async function projectOf(url: string, key: string): Promise<Project> {
  const read = async <T>(path: string): Promise<T> => {
    const response = await fetch(`${url}${path}`, { headers: { authorization: `Bearer ${key}` } });
    return (await response.json()) as T;
  };
  const { id } = await read<{ id: string }>('/v1/project');
  const { items } = await read<{ items: { id: string }[] }>('/v1/endpoints');
  return { base: `${url}/dashboard/p/${id}`, endpoint: items[0]!.id };
}

async function post(url: string, key: string, type: string): Promise<void> {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  const response = await fetch(`${url}/v1/events`, {
    ...{ method: 'POST', headers, body: JSON.stringify({ type, data: {} }) },
  });
  if (!response.ok) throw new Error(`posting responded ${response.status}`);
}
