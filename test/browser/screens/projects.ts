import { faultsIn } from '../look.ts';
import { type Stage, TEST_MS } from '../stage.ts';

export function projectTests(stage: Stage): void {
  test(
    'the admin sees which project needs attention, and makes a new one whose key is shown once',
    async () => {
      const { posthorn } = stage;
      await stage.failedEvent('projects.failed', await stage.receiverThat(500));
      const page = await stage.browser.open();
      await page.goto(`${posthorn.url}/dashboard/`);
      await page.getByLabel('Key', { exact: true }).fill(posthorn.config.adminKey!);
      await page.getByRole('button', { name: 'Sign in' }).click();

      await page.getByRole('row', { name: /needs attention test/ }).waitFor();
      await page.getByText('Delivered share').waitFor();
      expect(await faultsIn(page, 'projects')).toEqual([]);
      await page.getByRole('button', { name: 'New project' }).click();
      await page.getByLabel('Name').fill('Second producer');
      await page.getByRole('button', { name: 'Make the project' }).click();
      expect(await page.getByLabel('the key', { exact: true }).textContent()).toMatch(/^ph_/);
      await page.getByRole('button', { name: 'Open the project' }).click();
      await page.getByText('First steps').waitFor();
      await page.getByRole('link', { name: 'All projects' }).click();
      await page.getByRole('row', { name: /well Second producer/ }).waitFor();
    },
    TEST_MS,
  );

  test(
    'the totals of a part of the projects say so, and those of all do not',
    async () => {
      const { posthorn } = stage;
      const { pool } = posthorn.database;
      const page = await stage.browser.open();
      await page.goto(`${posthorn.url}/dashboard/`);
      await page.getByLabel('Key', { exact: true }).fill(posthorn.config.adminKey!);
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.getByRole('row', { name: /test/ }).first().waitFor();
      expect(await page.getByText('There are more below').count()).toBe(0);

      await pool.query(
        `INSERT INTO projects (id, name, profile)
         SELECT 'prj_part' || n, 'Part ' || n, 'standard-webhooks' FROM generate_series(1, 50) AS n`,
      );
      await page.reload();
      await page.getByText('Totals of the 50 that are shown. There are more below.').waitFor();
      expect(await faultsIn(page, 'a part of the projects')).toEqual([]);
      await page.getByRole('button', { name: /more/i }).click();
      await page.getByText('There are more below').waitFor({ state: 'detached' });
      await pool.query(`DELETE FROM projects WHERE id LIKE 'prj_part%'`);
    },
    TEST_MS,
  );
}
