import { keepPicture, violationsOf } from '../accessibility.ts';
import { type Stage, TEST_MS } from '../stage.ts';

export function streamTests(stage: Stage): void {
  test(
    'outcomes come as they happen; Space holds them back and lets them in, and a filter starts anew',
    async () => {
      const { posthorn } = stage;
      const receiver = await stage.receiverThat(200);
      await posthorn.newEndpoint(receiver.url, { events: ['stream.sent'] });
      const post = () => posthorn.post({ type: 'stream.sent', data: {} });
      const page = await stage.browser.open({ permissions: ['clipboard-read', 'clipboard-write'] });
      await stage.signIn(page, '/stream');
      await page.getByText('Quiet').waitFor();
      await page.getByRole('button', { name: 'Copy as command' }).click();
      await page.getByText('Copied the command.').waitFor();
      expect(await page.evaluate<string>('navigator.clipboard.readText()')).toBe(
        `npx posthorn events tail --url '${posthorn.url}'`,
      );

      // The button has the focus, and Space would press it.
      await page.getByRole('heading', { level: 1 }).click();

      const first = await post();
      await page.getByRole('row', { name: new RegExp(`delivered.*${first.id}`) }).waitFor();
      await page.keyboard.press('Space');
      await page.getByText(/paused/).waitFor();
      const second = await post();
      await posthorn.untilSettled(second.id);
      await page.getByText(/paused, [1-9]/).waitFor();
      expect(await page.getByText(second.id).count()).toBe(0);
      await page.keyboard.press('Space');
      await page.getByRole('row', { name: new RegExp(`delivered.*${second.id}`) }).waitFor();

      await keepPicture(page, 'stream-with-rows');
      expect(await violationsOf(page)).toEqual([]);
      await page.getByLabel('Settled events').uncheck();
      await page.getByText('Quiet').waitFor();
      const third = await post();
      await page
        .getByRole('row', { name: new RegExp(third.id) })
        .first()
        .waitFor();
      expect(await page.getByText('event settled').count()).toBe(0);
      expect(new URL(page.url()).searchParams.get('kind')).not.toContain('event.settled');
    },
    TEST_MS,
  );
}
