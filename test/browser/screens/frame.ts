import { tabTo } from '../keyboard.ts';
import { type Stage, TEST_MS } from '../stage.ts';

export function frameTests(stage: Stage): void {
  test(
    'a session that only reads offers nothing that changes anything',
    async () => {
      const page = await stage.browser.open();
      await page.goto(stage.address('/endpoints'));
      await page.getByLabel('Key', { exact: true }).fill(stage.posthorn.project.key);
      await page.getByLabel('Read only: look, and change nothing').check();
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.getByText('Read only: nothing can be changed.').waitFor();
      await page.getByRole('table').waitFor();
      expect(await page.getByRole('button', { name: 'New endpoint' }).count()).toBe(0);
      await page.getByRole('button', { name: 'Sign out' }).click();
      await page.getByRole('heading', { name: 'Sign in to Posthorn' }).waitFor();
    },
    TEST_MS,
  );

  test(
    'the end of a session is announced, and put off',
    async () => {
      const page = await stage.browser.open();
      await stage.signIn(page, '/keys');
      // The server counts 12 hours from now. Only what the page is told is sooner.
      await page.route(
        '**/v1/session',
        async (route) => {
          const response = await route.fetch();
          const session = (await response.json()) as object;
          const expiresAt = new Date(Date.now() + 90_000).toISOString();
          await route.fulfill({ response, json: { ...session, expiresAt } });
        },
        { times: 1 },
      );
      await page.reload();
      const notice = page.getByRole('region', { name: 'Session' });
      await notice.getByText('Your session ends in less than two minutes.').waitFor();
      await notice.getByRole('button', { name: 'Stay signed in' }).click();
      await notice.waitFor({ state: 'detached' });
    },
    TEST_MS,
  );

  test(
    'while the API is away the last data stay, with the time since when, and it is asked until it answers',
    async () => {
      const page = await stage.open('/endpoints');
      await page.getByRole('table').waitFor();
      await page.route('**/v1/**', (route) => route.fulfill({ status: 503, body: '' }));
      await page.getByText('has not answered since').waitFor();
      expect(await page.getByRole('table').count()).toBe(1);
      await page.unroute('**/v1/**');
      await page.getByText('has not answered since').waitFor({ state: 'detached' });
      // The browser logs each 503.
      expect(stage.browser.faults.splice(0).filter((fault) => !fault.includes('503'))).toEqual([]);
    },
    TEST_MS,
  );

  test(
    'whoever copies a time gets the exact one',
    async () => {
      await stage.posthorn.post({ type: 'copied.time', data: 1 });
      const page = await stage.open('/events?type=copied.time');
      await page.getByRole('table').waitFor();
      await page.evaluate("getSelection().selectAllChildren(document.querySelector('main tbody time'))");
      await page.keyboard.press('Control+c');
      await page.keyboard.press('Control+k');
      const jump = page.getByRole('dialog').locator('input');
      await jump.press('Control+v');
      expect(await jump.inputValue()).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} [+-]\d\d:\d\d$/);
    },
    TEST_MS,
  );

  test(
    'by keyboard, the exact times of a row are shown while its link has the focus, and a time on its own is a stop',
    async () => {
      const event = await stage.failedEvent('exact.time', await stage.receiverThat(500));
      const page = await stage.open('/events?type=exact.time');
      const exactTimes = () =>
        page.evaluate<string[]>(
          `[...document.querySelectorAll('main time')]
            .filter((time) => getComputedStyle(time, '::after').display !== 'none')
            .map((time) => getComputedStyle(time, '::after').content.slice(1, -1))`,
        );
      await page.getByRole('link', { name: 'exact.time' }).waitFor();
      expect(await exactTimes()).toEqual([]);
      await page.keyboard.press('j');
      const exact = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} [+-]\d\d:\d\d$/;
      expect(await exactTimes()).toEqual([expect.stringMatching(exact)]);
      expect(await page.locator('tbody time[tabindex]').count()).toBe(0);
      expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0);

      await page.goto(stage.address(`/events/${event}`));
      const accepted = page.locator('main time').first();
      await tabTo(page, accepted);
      expect(await exactTimes()).toEqual([await accepted.getAttribute('title')]);
    },
    TEST_MS,
  );

  test(
    'the time range is carried from screen to screen, and what is pasted opens the jump box',
    async () => {
      const event = await stage.failedEvent('jumped.to', await stage.receiverThat(500));
      await stage.posthorn.newEndpoint('http://127.0.0.1:9/jump-to-me', { events: ['never.sent'] });
      const page = await stage.open('/events?range=1h');
      const links = page.getByRole('navigation', { name: 'Project' });
      await links.getByRole('link', { name: 'Deliveries' }).click();
      await page.waitForURL(/\/deliveries\?range=1h$/);
      // Screens without a range do not have it in their addresses, and it comes back after them.
      await links.getByRole('link', { name: 'Keys' }).click();
      await page.waitForURL(/\/keys$/);
      await page.getByLabel('Time range').waitFor({ state: 'detached' });
      await links.getByRole('link', { name: 'Events', exact: true }).click();
      await page.waitForURL(/\/events\?range=1h$/);
      expect(await page.getByLabel('Time range').inputValue()).toBe('1h');
      await links.getByRole('link', { name: 'Attention' }).click();
      await page.waitForURL(/\/attention$/);

      await page.evaluate(
        `(() => {
          const clipboardData = new DataTransfer();
          clipboardData.setData('text', '${event}');
          document.body.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true }));
        })()`,
      );
      await page.getByRole('option', { name: `${event} event` }).waitFor();
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'jumped.to' }).waitFor();
      await page.keyboard.press('Control+k');
      await page.keyboard.type('jump-to-me');
      await page.getByRole('option', { name: /jump-to-me endpoint/ }).waitFor();
    },
    TEST_MS,
  );
}
