import { faultsIn } from '../look.ts';
import { type Stage, TEST_MS } from '../stage.ts';

export function eventListTests(stage: Stage): void {
  test(
    'a search in bodies shows what it finds and how far back it looked, and the list is copied as a command',
    async () => {
      await stage.posthorn.post({ type: 'searched.body', data: { job: 'haystack-17' } });
      const page = await stage.browser.open({ permissions: ['clipboard-read', 'clipboard-write'] });
      await stage.signIn(page, '/events');
      await page.getByLabel('Filter events').fill('contains:haystack-17');
      await page.keyboard.press('Enter');
      await page.getByRole('link', { name: 'searched.body' }).waitFor();
      await page.getByText(/: everything in this range|Everything was searched/).waitFor();
      expect(await page.getByRole('button', { name: 'Further' }).count()).toBe(0);

      await page.getByRole('button', { name: 'Copy as curl' }).click();
      await page.getByText('Copied this list as a curl command.').waitFor();
      const command = await page.evaluate<string>('navigator.clipboard.readText()');
      expect(command).toContain('/v1/events?contains=haystack-17&since=');
      expect(command).toContain('Bearer $POSTHORN_KEY');
      expect(command).not.toContain(stage.posthorn.project.key);
    },
    TEST_MS,
  );

  test(
    'the list says what is retried and when, and which failures were sent again since',
    async () => {
      const { posthorn } = stage;
      const failed = await stage.failedEvent('listed.resent', await stage.receiverThat(500, 200));
      const { deliveries } = await posthorn.eventOf(failed);
      const unreliable = await stage.receiverThat(503);
      await posthorn.newEndpoint(unreliable.url, { events: ['listed.retried'], policy: { delays: ['1h'] } });
      await posthorn.post({ type: 'listed.retried', data: {} });
      const page = await stage.open('/events?type=listed.resent');
      await page.getByRole('row', { name: /listed\.resent.* undeliverable / }).waitFor();

      await posthorn.call('POST', `/v1/deliveries/${deliveries[0]!.id}/retry`);
      await page
        .getByRole('row', { name: /listed\.resent.* failed, resent 1 delivered · 1 resent / })
        .waitFor();
      await page.goto(stage.address('/events?type=listed.retried'));
      await page
        .getByRole('row', { name: /listed\.retried.* retrying next attempt in (1 h|\d+ min) / })
        .waitFor();
      expect(await faultsIn(page, 'events that are retried')).toEqual([]);
      await page.goto(stage.address(`/events/${failed}`));
      await page.getByText('failed, resent').waitFor();
    },
    TEST_MS,
  );

  test(
    'a list whose newest events do not fit goes on until one does, and says so meanwhile',
    async () => {
      await stage.posthorn.post({ type: 'found.further', data: {} });
      const page = await stage.open('/events');
      // As when the API has looked at as many events as a page may cost, and found none.
      let goOn = (): void => {};
      const mayGoOn = new Promise<void>((resolve) => {
        goOn = resolve;
      });
      await page.route(/\/v1\/events\?.*type=found\.further/, async (route) => {
        const url = new URL(route.request().url());
        if (!url.searchParams.has('cursor')) {
          await route.fulfill({ json: { items: [], nextCursor: 'further' } });
          return;
        }
        await mayGoOn;
        url.searchParams.delete('cursor');
        await route.fulfill({ response: await route.fetch({ url: url.href }) });
      });
      await page.getByLabel('Filter events').fill('type:found.further');
      await page.keyboard.press('Enter');
      await page.getByText('None of the newest events fits. Looking further back …').waitFor();
      expect(await page.getByText('No event fits').count()).toBe(0);
      goOn();
      await page.getByRole('link', { name: 'found.further' }).waitFor();
    },
    TEST_MS,
  );

  test(
    'what failed of the selected events is resent as one recovery',
    async () => {
      const receiver = await stage.receiverThat(500, 200);
      await stage.failedEvent('selected.failed', receiver);
      const page = await stage.open('/events?type=selected.failed');
      await page.getByLabel('Select all rows that are shown').check();
      await page.getByRole('button', { name: 'Resend failed deliveries' }).click();
      await page.getByRole('heading', { name: 'Recovery' }).waitFor();
      await receiver.untilReceived(2);
    },
    TEST_MS,
  );
}
