import { AxeBuilder } from '@axe-core/playwright';
import { type Stage, TEST_MS } from '../stage.ts';

/** The page /docs, which the API writes and a script of the build extends. */
export function referenceTests(stage: Stage): void {
  test(
    'a call is found by words, and sent with the rights of the session',
    async () => {
      const page = await stage.browser.open();
      await page.goto(`${stage.posthorn.url}/docs`);
      await page.keyboard.press('/');
      await page.keyboard.type('post an event');
      const article = page.locator('#postEvent');
      await article.waitFor();
      expect(await page.locator('#getProject').isVisible()).toBe(false);
      await article.getByRole('button', { name: 'Try it' }).click();
      const form = article.getByRole('form');
      await form.getByLabel('Body').fill('{"id":"tried","type":"a.b","data":{"big":12345678901234567890}}');
      await form.getByRole('button', { name: 'Send' }).click();
      await form.getByText('401 Unauthorized').waitFor();
      await form.getByText('Nobody is signed in.').waitFor();
      stage.browser.faults.splice(0); // the browser logs a 401 as an error

      const signedIn = await page.request.post(`${stage.posthorn.url}/v1/session`, {
        headers: { 'posthorn-dashboard': '1' },
        data: { key: stage.posthorn.project.key },
      });
      expect(signedIn.status()).toBe(201);
      await form.getByRole('button', { name: 'Send' }).click();
      await form.getByText('202 Accepted').waitFor();

      const read = page.locator('#getEvent');
      await page.getByRole('searchbox').fill('');
      await read.getByRole('button', { name: 'Try it' }).click();
      await read.getByLabel('id * path').fill('tried');
      await read.getByRole('button', { name: 'Send' }).click();
      await read.getByText('200 OK').waitFor();
      expect(await read.getByRole('status').locator('pre').nth(1).textContent()).toContain(
        '"big": 12345678901234567890',
      );
    },
    TEST_MS,
  );

  test.each([
    ['light', 1280],
    ['dark', 390],
  ] as const)(
    'the page is accessible, %s and %i pixels wide',
    async (colorScheme, width) => {
      const page = await stage.browser.open({ colorScheme, viewport: { width, height: 900 } });
      await page.goto(`${stage.posthorn.url}/docs`);
      await page.locator('#postEvent').getByRole('button', { name: 'Try it' }).click();
      await page.locator('#postEvent form').waitFor();
      const { violations } = await new AxeBuilder({ page })
        .include(['nav', '#postEvent', '#schema-Problem', '#error-not_found'].join())
        .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'])
        .analyze();
      expect(violations.map(({ id, nodes }) => [id, nodes.slice(0, 3).map(({ target }) => target)])).toEqual(
        [],
      );
      expect(await page.evaluate('document.documentElement.scrollWidth > innerWidth')).toBe(false);
      if (process.env.POSTHORN_TEST_PICTURES) {
        await page.screenshot({
          path: `${process.env.POSTHORN_TEST_PICTURES}/reference-${colorScheme}-${width}.png`,
        });
      }
    },
    TEST_MS,
  );
}
