import { eventually } from '../../set-up/eventually.ts';
import { type Stage, TEST_MS } from '../stage.ts';

export function overviewTests(stage: Stage): void {
  test(
    'the overview says what needs attention, and reads out each point of a chart by keyboard',
    async () => {
      await stage.failedEvent('overview.failed', await stage.receiverThat(501));
      const page = await stage.open('/');

      await page.getByText(/needs? you: \d+ deliver(y|ies) failed, the first/).waitFor();
      await page.getByRole('cell', { name: 'answered 501' }).waitFor();
      const chart = page.getByRole('slider', { name: 'Accepted and attempts: points' });
      await chart.focus();
      await page.keyboard.press('Home');
      await chart.and(page.locator('[aria-valuenow="0"][aria-valuetext*="accepted events"]')).waitFor();
      await page.getByRole('link', { name: 'See what and why' }).click();
      await page.getByRole('heading', { name: 'Attention' }).waitFor();
    },
    TEST_MS,
  );

  test(
    'the figures are as high before they are known as with the longest times',
    async () => {
      // A project without events shows its first steps instead.
      await stage.posthorn.post({ type: 'overview.figures', data: {} });
      const page = await stage.browser.open();
      let answer = (): void => {};
      const mayAnswer = new Promise<void>((resolve) => {
        answer = resolve;
      });
      await page.route('**/v1/backlog', async (route) => {
        await mayAnswer;
        const response = await route.fetch();
        const oldestOpenAt = new Date(Date.now() - (59 * 60 + 30) * 1_000).toISOString();
        await route.fulfill({ response, json: { ...((await response.json()) as object), oldestOpenAt } });
      });
      await page.setViewportSize({ width: 1280, height: 900 });
      await stage.signIn(page, '/');
      const figure = page.locator('dt', { hasText: 'Oldest open' }).locator('..');
      await figure.waitFor();
      const heightOf = async (): Promise<number | undefined> => (await figure.boundingBox())?.height;
      const before = await heightOf();
      answer();
      await figure.getByText(/59 min \d+ s/).waitFor();
      expect(await heightOf()).toBe(before);
      const beyond = await figure
        .locator('dd')
        .first()
        .evaluate((value) => value.scrollWidth - value.clientWidth);
      expect(beyond).toBe(0);
    },
    TEST_MS,
  );

  test(
    'what is retried is counted in the answer that the list is made of, and all figures are refreshed together',
    async () => {
      const receiver = await stage.receiverThat(506);
      await stage.posthorn.newEndpoint(receiver.url, {
        events: ['overview.retried'],
        policy: { delays: ['1h'] },
      });
      await stage.posthorn.post({ type: 'overview.retried', data: {} });
      await receiver.untilReceived(1, 60_000);
      const page = await stage.browser.open();
      await page.clock.install();
      await stage.signIn(page, '/');
      await page.getByRole('cell', { name: 'answered 506' }).waitFor();
      const figure = page.locator('dt', { hasText: 'Retrying' }).locator('..');
      await page
        .getByText(/counted (now|\d+ s ago)|not counted yet/)
        .first()
        .waitFor();
      expect(await figure.innerText()).toMatch(/Retrying\s+[1-9]\d*\s+of the open ones/);

      const asked = new Set<string>();
      page.on('request', (request) => asked.add(new URL(request.url()).pathname));
      await page.clock.fastForward(15_000);
      const together = [
        'statistics/timeline',
        'statistics/event-types',
        'statistics/endpoints',
        'backlog',
        'failures',
        'recoveries',
      ];
      await eventually(() => together.every((path) => asked.has(`/v1/${path}`)));
    },
    TEST_MS,
  );
}
