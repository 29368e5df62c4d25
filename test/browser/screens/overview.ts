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
}
