import { faultsIn } from '../look.ts';
import { type Stage, TEST_MS } from '../stage.ts';

export function endpointTests(stage: Stage): void {
  test(
    'endpoints are found by a part of their URL, with what they received, and several are tested at once',
    async () => {
      const well = await stage.receiverThat(200);
      const ill = await stage.receiverThat(500);
      for (const receiver of [well, ill]) {
        const url = `${receiver.url}several`;
        await stage.posthorn.newEndpoint(url, { events: ['several.tested'], policy: { delays: [] } });
      }
      await stage.posthorn.post({ type: 'several.tested', data: {} });
      const page = await stage.open('/endpoints');

      await page.getByLabel('Filter endpoints').fill('several');
      await page
        .getByRole('row', { name: /several/ })
        .nth(1)
        .waitFor();
      await page.waitForURL(/q=several/);
      // Figures are counted within a minute.
      await page.getByRole('img', { name: '1 attempt, 1 failed' }).waitFor({ timeout: 120_000 });
      await page.getByRole('row', { name: /100 %/ }).waitFor();
      await page.getByLabel('Select all rows that are shown').check();
      await page.getByRole('button', { name: 'Test', exact: true }).click();
      await page.getByRole('button', { name: 'Test 2 endpoints' }).click();
      await page.getByText('answered 200').waitFor();
      await page.getByText('answered 500').waitFor();
    },
    TEST_MS,
  );

  test(
    'an endpoint says what waits for it and when its secret was made; its secret is rotated, and it is deleted by name',
    async () => {
      const receiver = await stage.receiverThat(200);
      const endpoint = await stage.posthorn.newEndpoint(receiver.url, { events: ['helped.paused'] });
      await stage.posthorn.call('POST', `/v1/endpoints/${endpoint.id}/pause`);
      await stage.posthorn.post({ type: 'helped.paused', data: {} });
      const page = await stage.open(`/endpoints/${endpoint.id}`);

      await page.getByText('Paused: deliveries that are due wait until it is resumed.').waitFor();
      await page.getByRole('row', { name: /held: its endpoint is paused 1/ }).waitFor();
      await page
        .getByRole('navigation', { name: 'Parts of the endpoint' })
        .getByRole('link', { name: 'Settings' })
        .click();
      await page.getByRole('button', { name: 'Rotate the secret' }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByText('The secret that signs was made').waitFor();
      await dialog
        .getByText('each request carries a signature by the old secret and one by the new')
        .waitFor();
      expect(await faultsIn(page, 'rotate the secret')).toEqual([]);
      await dialog.getByRole('button', { name: 'Rotate it' }).click();
      expect(await dialog.getByLabel('the new secret').textContent()).toMatch(/^whsec_/);
      await dialog.getByText('still signs').waitFor();
      await dialog.getByRole('button', { name: 'I have kept it' }).click();

      await page.getByRole('button', { name: 'Delete' }).click();
      const { host } = new URL(receiver.url);
      await dialog.getByLabel(`Type ${host} to delete it`).fill(host);
      // Only the button deletes.
      await page.keyboard.press('Enter');
      await dialog.getByRole('button', { name: 'Delete the endpoint' }).click();
      await page.getByRole('heading', { name: 'Endpoints' }).waitFor();
      await page.getByText(receiver.url).first().waitFor({ state: 'detached' });
    },
    TEST_MS,
  );
}
