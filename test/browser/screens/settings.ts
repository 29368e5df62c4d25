import { isDeepStrictEqual } from 'node:util';
import { eventually } from '../../set-up/eventually.ts';
import { type Stage, TEST_MS } from '../stage.ts';

type Project = { policy: object | null; portal: object | null; failures: { warnAfter: string } };

export function settingsTests(stage: Stage): void {
  test(
    'the policy is chosen by the times that it means, a wrong value is refused at its field, and the look is tried',
    async () => {
      const { posthorn } = stage;
      const { id, key } = await posthorn.newProject();
      const page = await stage.open('/settings', key, id);
      const stored = async () => (await posthorn.client.call('GET', '/v1/project', { key })).body as Project;

      await page.getByText('undeliverable after 2 h 36 min').waitFor();
      await page.getByLabel('Delays', { exact: true }).selectOption('own');
      await page.getByLabel('Own delays').fill('10s, 1d');
      await page.getByText('3 attempts.').waitFor();
      await page.getByLabel('Timeout of an attempt').fill('2m');
      await page.getByRole('button', { name: 'Save the policy' }).click();
      await page
        .getByRole('textbox', { name: 'Timeout of an attempt', description: /60 seconds/ })
        .fill('20s');
      await page.getByRole('button', { name: 'Save the policy' }).click();
      await page.getByText('Saved.').waitFor();
      expect((await stored()).policy).toEqual({ delays: ['10s', '1d'], timeout: '20s' });

      await page.getByLabel('Accent', { exact: true }).fill('#FFEE00');
      const preview = page.getByRole('region', { name: 'Preview of the portal' });
      await preview.getByText(/As text in the light mode.*4\.5:1 is needed/).waitFor();
      await preview.getByRole('img', { name: 'The portal in the dark mode' }).waitFor();
      await page.getByLabel('Mode', { exact: true }).selectOption('light');
      await preview.getByRole('img', { name: 'The portal in the dark mode' }).waitFor({ state: 'detached' });
      await page.getByLabel('Origins').fill('https://app.example.com');
      await page.getByRole('button', { name: 'Save the portal' }).click();
      const portal = { accent: '#FFEE00', mode: 'light', origins: ['https://app.example.com'] };
      await eventually(async () => isDeepStrictEqual((await stored()).portal, portal));

      await page.getByLabel('Warn after', { exact: true }).fill('2h');
      await page.getByRole('button', { name: 'Save the rules' }).click();
      await eventually(async () => (await stored()).failures.warnAfter === '2h');
    },
    TEST_MS,
  );
}
