import type { Locator, Page } from 'playwright-core';
import { eventually } from '../../set-up/eventually.ts';
import { countRequests } from '../requests.ts';
import { type Stage, TEST_MS } from '../stage.ts';

/** What an open page may ask, and how long it is looked at by its own clock. */
const SECONDS = 60;
/** As many lanes as are drawn. */
const LANES = 12;

/** Follows lists while more comes than they show, and counts what each screen asks while it is left open. */
export function liveTests(stage: Stage): void {
  const batch = (key: string, prefix: string, count: number) =>
    stage.posthorn.client.call('POST', '/v1/events/batch', {
      key,
      body: {
        events: Array.from({ length: count }, (_, n) => ({
          id: `${prefix}-${n}`,
          type: 'live.sent',
          data: {},
        })),
      },
    });

  test(
    'when more events come than a page has, the rows under the pointer stay where they are until the new ones are asked for',
    async () => {
      const { id, key } = await stage.posthorn.newProject();
      await batch(key, 'early', 10);
      const page = await stage.open('/events', key, id);
      const row = page.getByRole('row').filter({ hasText: 'early-5' });
      await row.hover();
      const before = await placeOf(row);

      await batch(key, 'late', 100);
      const button = page.getByRole('button', { name: '50+ new' });
      await button.waitFor();
      expect(await placeOf(row)).toEqual(before);
      expect(await rowUnder(page, before)).toContain('early-5');

      await button.click();
      await page.getByRole('row').filter({ hasText: 'late-99' }).waitFor();
      expect(await row.count()).toBe(0);
    },
    TEST_MS,
  );

  test(
    'while the pointer is in the stream, none of its rows moves, however many outcomes come',
    async () => {
      const { id, key } = await stage.posthorn.newProject();
      const receiver = await stage.receiverThat(200);
      await stage.posthorn.client.call('POST', '/v1/endpoints', { key, body: { url: receiver.url } });
      const page = await stage.open('/stream', key, id);
      await page.getByText('Quiet').waitFor();
      await batch(key, 'early', 5);
      // Of each event, the delivery and the event itself.
      await page.getByRole('row').nth(10).waitFor();
      const row = page.getByRole('row').nth(4);
      await row.hover();
      await page.getByText(/held while you are in the list/).waitFor();
      const name = (await row.innerText()).match(/early-\d/)?.[0] ?? '';
      expect(name).not.toBe('');
      const before = await placeOf(row);

      await batch(key, 'late', 100);
      await page.getByText(/held while you are in the list, 200 new/).waitFor();
      expect(await row.innerText()).toContain(name);
      expect(await placeOf(row)).toEqual(before);
    },
    TEST_MS,
  );

  test(
    'no screen asks more than once a second and follows more than one stream, and a hidden one asks nothing',
    async () => {
      const { posthorn } = stage;
      const { id, key } = await posthorn.newProject();
      const call = (path: string, body: object) => posthorn.client.call('POST', path, { key, body });
      const receiver = await stage.receiverThat(503);
      let endpoint = '';
      for (let n = 0; n < LANES; n++) {
        const body = { url: `${receiver.url}/${n}`, policy: { delays: ['1h', '1h'] } };
        endpoint = ((await call('/v1/endpoints', body)).body as { id: string }).id;
      }
      const event = ((await call('/v1/events', { type: 'live.failed', data: {} })).body as { id: string }).id;
      await receiver.untilReceived(LANES);

      const page = await stage.browser.open();
      await page.clock.install();
      await stage.signIn(page, '/', key, id);
      const asked = countRequests(page);
      const screens = ['/', '/attention', '/events', `/events/${event}`, '/deliveries', '/endpoints'];
      for (const path of [...screens, `/endpoints/${endpoint}`, '/stream', '/recoveries']) {
        await page.clock.resume();
        await page.goto(`${posthorn.url}/dashboard/p/${id}${path}`);
        await page.getByRole('heading', { level: 1 }).waitFor();
        await asked.untilAnswered();
        // A time that its clock has not reached by then.
        await page.clock.pauseAt((await page.evaluate<number>('Date.now()')) + 60_000);
        await asked.untilAnswered();

        const visible = await inSeconds(page, asked, SECONDS);
        expect({ path, tooMany: visible > SECONDS ? visible : 0 }).toEqual({ path, tooMany: 0 });
        expect({ path, streams: asked.streams() > 1 ? asked.streams() : 0 }).toEqual({ path, streams: 0 });

        await setHidden(page, true);
        await asked.untilAnswered();
        expect({ path, hidden: await inSeconds(page, asked, SECONDS) }).toEqual({ path, hidden: 0 });
        await eventually(async () => asked.streams() === 0);
        // It was not asleep: as soon as it can be seen again, it asks.
        asked.reset();
        await setHidden(page, false);
        await eventually(async () => {
          await page.clock.runFor(1_000);
          return asked.count() > 0;
        });
      }
    },
    TEST_MS,
  );
}

async function placeOf(row: Locator): Promise<{ x: number; y: number; height: number }> {
  const { x, y, height } = (await row.boundingBox())!;
  return { x, y, height };
}

/** The text of the row that is drawn at the place. */
const rowUnder = (page: Page, { x, y, height }: { x: number; y: number; height: number }) =>
  page.evaluate<string>(`document.elementFromPoint(${x + 80}, ${y + height / 2}).closest('tr').textContent`);

/** How many requests a page makes while its clock runs so many seconds, as fast as it is answered. */
async function inSeconds(
  page: Page,
  asked: ReturnType<typeof countRequests>,
  seconds: number,
): Promise<number> {
  asked.reset();
  for (let second = 0; second < seconds; second++) {
    await page.clock.runFor(1_000);
    await asked.untilAnswered();
  }
  return asked.count();
}

/** As the browser does for a tab behind another one; pages of a browser without a screen are always visible. */
const setHidden = (page: Page, isHidden: boolean): Promise<void> =>
  page.evaluate(`
    Object.defineProperty(document, 'hidden', { value: ${isHidden}, configurable: true });
    Object.defineProperty(document, 'visibilityState', { value: '${isHidden ? 'hidden' : 'visible'}', configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
    window.dispatchEvent(new Event('visibilitychange'));`);
