import { keepPicture, violationsOf } from '../accessibility.ts';
import { HOSTILE, type Stage, TEST_MS } from '../stage.ts';

export function consumerTests(stage: Stage): void {
  test(
    'a customer is found by name and opened; a link to look is made, its session is seen as view only, and ended',
    async () => {
      const { posthorn } = stage;
      await posthorn.call('PUT', '/v1/consumers/look-1', { name: `Looker ${HOSTILE}`, plan: 'pro' });
      await posthorn.call('PUT', '/v1/consumers/other', {});
      const page = await stage.open('/consumers');

      await page.getByRole('link', { name: 'other', exact: true }).waitFor();
      await page.keyboard.press('/');
      await page.keyboard.type('looker');
      await page.getByRole('link', { name: 'other', exact: true }).waitFor({ state: 'detached' });
      await page.getByRole('link', { name: 'look-1' }).press('Enter');
      await page.getByRole('button', { name: 'Open portal as this customer' }).click();
      await page.getByRole('button', { name: 'Make a link to look' }).click();
      const link = await page.getByLabel('The link').textContent();
      await keepPicture(page, 'dialog-link-made');
      const code = link?.split('#code=')[1];
      const session = await posthorn.client.call('POST', '/v1/portal-sessions', { body: { code } });
      expect(session.body).toMatchObject({ capabilities: ['view'], consumer: { id: 'look-1' } });
      await page.getByRole('button', { name: 'Close' }).last().click();
      await page.getByRole('cell', { name: 'view only' }).waitFor();
      await page.getByRole('button', { name: 'End all' }).click();
      await page.getByRole('button', { name: 'End them' }).click();
      await page.getByText('Nobody is in the portal.').waitFor();

      await page.getByRole('button', { name: 'Make a portal link' }).click();
      await page.getByLabel('Rotate secrets').uncheck();
      await page.getByRole('button', { name: 'Python' }).click();
      await page.getByText('capabilities=["view","payloads","endpoints","test","retry"]').waitFor();
      await keepPicture(page, 'dialog-portal-link');
      expect(await violationsOf(page)).toEqual([]);
      await page.getByLabel('The session ends after').selectOption('1d');
      await page.getByText('Or earlier, if it is not used.').waitFor();
      await page.getByRole('button', { name: 'Make the link' }).click();
      await page
        .getByText('Its session ends 1 d after it was opened, or earlier: after 1 h without use.')
        .waitFor();
      await page.keyboard.press('Escape');
      await page.getByRole('button', { name: 'Name and plan' }).click();
      await page.getByLabel('Name', { exact: true }).fill('Renamed');
      await page.getByRole('button', { name: 'Save' }).click();
      await page.getByRole('heading', { name: 'Renamed', level: 1 }).waitFor();
    },
    TEST_MS,
  );
}
