import { foldAll } from '../../store/statistics/statistics-set-up.ts';
import { portalOf } from '../portal.ts';
import { type Stage, TEST_MS } from '../stage.ts';

/** What the portal says of how much was sent, and of what arrived. */
export function portalFigureTests(stage: Stage): void {
  const portal = portalOf(stage);

  test(
    'endpoints show the share of deliveries that arrived, and usage the events of each type, of this customer alone',
    async () => {
      const { posthorn } = stage;
      const losing = await stage.receiverThat(200, 500);
      const retried = await stage.receiverThat(500, 200);
      const newEndpoint = (url: string, description: string, delays: string[]) =>
        posthorn.newEndpoint(url, {
          consumer: 'figures',
          description,
          events: [`${description}.*`],
          policy: { delays },
        });
      await newEndpoint(losing.url, 'losing', []);
      await newEndpoint(retried.url, 'retried', ['1s']);
      const send = async (type: string, consumer: string) =>
        posthorn.untilSettled((await posthorn.post({ type, consumer, data: {} })).id);
      await send('losing.one', 'figures');
      await send('losing.one', 'figures');
      await send('retried.one', 'figures');
      await send('of.another', 'figures-2');
      await foldAll(posthorn.database.pool);

      const page = await portal.open({ consumer: 'figures' });
      const row = (text: string) => page.getByRole('row', { name: new RegExp(text) });
      await row('losing').getByText('50 % of 2 delivered').waitFor();
      await row('losing').getByText('1 given up, 1 failed request').waitFor();
      // A request failed, and no delivery was lost.
      await row('retried').getByText('100 % of 1 delivered').waitFor();
      await row('retried').getByText('1 failed request').waitFor();

      await page.getByRole('link', { name: 'Usage' }).click();
      const types = page.getByRole('region', { name: 'Events by type' });
      await types.getByRole('row', { name: 'losing.one 2 66.66 %' }).waitFor();
      await types.getByRole('row', { name: 'retried.one 1 33.33 %' }).waitFor();
      expect(await page.locator('body').innerText()).not.toContain('of.another');
      await page.getByText('Given up').waitFor();
      await types.getByRole('link', { name: 'losing.one' }).click();
      await page.getByRole('heading', { name: 'Deliveries', level: 1 }).waitFor();
      await page.getByRole('link', { name: 'losing.one' }).nth(1).waitFor();
      expect(await page.getByRole('link', { name: 'retried.one' }).count()).toBe(0);
    },
    TEST_MS,
  );
}
