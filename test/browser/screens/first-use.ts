import { faultsIn } from '../look.ts';
import { type Stage, TEST_MS } from '../stage.ts';

export function firstUseTests(stage: Stage): void {
  test(
    'the first event of a new project is delivered by clicks, and the secret of the sample receiver never reaches the page',
    async () => {
      const { posthorn } = stage;
      const { sampleReceiver } = posthorn.config;
      const project = await posthorn.newProject();
      const page = await stage.browser.open();
      // Only what the page is told differs from a new installation, which has one project.
      await page.route('**/v1/projects?*', async (route) => {
        const response = await route.fetch();
        const { items, ...json } = (await response.json()) as { items: { id: string }[] };
        const only = items.filter(({ id }) => id === project.id);
        await route.fulfill({ response, json: { ...json, items: only, nextCursor: null } });
      });
      await page.goto(`${posthorn.url}/dashboard/`);
      await page.getByLabel('Key', { exact: true }).fill(posthorn.config.adminKey);
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.getByText('No event was posted yet.').waitFor();
      expect(await faultsIn(page, 'projects at first')).toEqual([]);
      await page.getByRole('link', { name: /^Deliver a first one in / }).click();
      const seen: Promise<string>[] = [];
      page.on('response', (response) => {
        if (response.url().includes('/v1/')) seen.push(response.text().catch(() => ''));
      });
      await page.getByRole('button', { name: 'Use the sample receiver' }).waitFor();
      expect(await faultsIn(page, 'first steps')).toEqual([]);

      await page.getByRole('button', { name: 'Use the sample receiver' }).click();
      await page.getByText('gets all events').waitFor();
      await page.getByRole('button', { name: 'Send an event' }).click();
      await page.getByRole('button', { name: 'Send it' }).click();
      await page.getByText('Attempt 1: answered 200').waitFor();
      await page.getByText('· done').nth(2).waitFor();
      expect(await faultsIn(page, 'first delivery')).toEqual([]);
      await page.getByRole('link', { name: 'See the request and the response' }).click();
      await page.getByRole('heading', { name: 'order.paid' }).waitFor();
      const texts = [...(await Promise.all(seen)), await page.content()];
      expect(texts.filter((text) => text.includes(sampleReceiver!.secret))).toEqual([]);
    },
    TEST_MS,
  );
}
