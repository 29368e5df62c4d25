import { eventually } from '../../set-up/eventually.ts';
import { keepPicture } from '../accessibility.ts';
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
    'with many projects, those that need attention stand first, and the way out stays in reach',
    async () => {
      const { posthorn } = stage;
      const { pool } = posthorn.database;
      await stage.failedEvent('projects.first', await stage.receiverThat(500));
      await pool.query(
        `INSERT INTO projects (id, name, profile)
         SELECT 'prj_many' || n, 'Many ' || n, 'standard-webhooks' FROM generate_series(10, 69) AS n`,
      );
      const page = await stage.browser.open();
      await page.goto(`${posthorn.url}/dashboard/`);
      await page.getByLabel('Key', { exact: true }).fill(posthorn.config.adminKey!);
      await page.getByRole('button', { name: 'Sign in' }).click();
      const more = page.getByRole('button', { name: /more/i });
      await more.click();
      await more.waitFor({ state: 'detached' });
      await page.mouse.move(2, 2);
      const states = page.locator('tbody td[data-label=State]');
      await eventually(async () => (await states.allInnerTexts()).includes('needs attention'));
      const texts = await states.allInnerTexts();
      expect(texts.lastIndexOf('needs attention')).toBeLessThan(texts.indexOf('well'));
      const first = page.getByRole('navigation', { name: 'Installation' }).getByRole('link').nth(1);
      expect(await first.innerText()).toContain('needs attention');

      const out = page.getByRole('button', { name: 'Sign out' });
      for (const [width, height] of [
        [1280, 720],
        [390, 720],
      ] as const) {
        await page.setViewportSize({ width, height });
        if (width < 768) await page.getByRole('button', { name: 'Menu' }).click();
        const box = await out.boundingBox();
        expect(box && box.y >= 0 && box.y + box.height <= height).toBe(true);
        // All links of the navigation can be reached, too.
        await page
          .getByRole('navigation', { name: 'Installation' })
          .getByRole('link')
          .last()
          .scrollIntoViewIfNeeded();
        await out.click({ trial: true });
        await keepPicture(page, `many-projects-${width}`, 'window');
      }
      await out.click();
      await page.getByRole('heading', { name: 'Sign in to Posthorn' }).waitFor();
      await pool.query(`DELETE FROM projects WHERE id LIKE 'prj_many%'`);
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
