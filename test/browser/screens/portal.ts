import type { Page } from 'playwright-core';
import { enterOn, tabTo } from '../keyboard.ts';
import { examine, type Screen, unseenRoutes } from '../look.ts';
import { portalOf } from '../portal.ts';
import { HOSTILE, type Stage, TEST_MS } from '../stage.ts';

export function portalTests(stage: Stage): void {
  const portal = portalOf(stage);
  const heading = (page: Page, name: string | RegExp): Promise<void> =>
    page.getByRole('heading', { name, level: 1 }).waitFor();

  test(
    'an endpoint is added by keyboard alone, tested, and its failure explained and sent again',
    async () => {
      const receiver = await stage.receiverThat((_request, response) => {
        response.writeHead(503, { 'x-hostile': '<b>' }).end(HOSTILE);
      }, 200);
      const page = await portal.open({ consumer: 'keys' });
      await page.getByRole('heading', { name: 'No endpoint yet' }).waitFor();
      await enterOn(page, page.getByRole('button', { name: 'Add an endpoint' }));
      await heading(page, 'Add an endpoint');
      await tabTo(page, page.getByLabel('URL'));
      await page.keyboard.type(receiver.url);
      await page.keyboard.press('Enter');
      await heading(page, 'Endpoint added');
      const secret = (await page.getByLabel('Secret of the endpoint').textContent()) ?? '';
      expect(secret).toMatch(/^whsec_/);
      await enterOn(page, page.getByRole('button', { name: 'Send a test' }));
      await enterOn(page, page.getByRole('dialog').getByRole('button', { name: 'Send the test' }));
      await page.getByText('answered 503').first().waitFor();
      await page.keyboard.press('Escape');
      await enterOn(page, page.getByRole('link', { name: 'Open the endpoint' }));
      await page
        .getByRole('link', { name: /^[a-z._]+$/ })
        .first()
        .waitFor();
      expect(await page.content()).not.toContain(secret);

      await enterOn(page, page.getByRole('table').getByRole('link').first());
      await page.getByText('Your server answered 503.').waitFor();
      await page.getByText('<script>document.title=1</script>').first().waitFor();
      await enterOn(page, page.getByRole('button', { name: 'Attempt now' }));
      await page.getByText(/^Delivered after 2 attempts/).waitFor();
      expect(await page.title()).not.toBe('1');
    },
    TEST_MS,
  );

  test(
    'the headers of an endpoint are removed, and what is wrong with one names it',
    async () => {
      const { posthorn } = stage;
      const { id } = await posthorn.newEndpoint('https://example.com/hooks', {
        consumer: 'headers',
        headers: { 'X-Team': 'render' },
      });
      const page = await portal.open({ consumer: 'headers', path: `endpoints/${id}` });
      await page.getByRole('button', { name: 'Edit' }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByText('Now: X-Team.').waitFor();
      await dialog.getByLabel('Headers of each request').fill('Content-Length: 1');
      await dialog.getByRole('button', { name: 'Save' }).click();
      await dialog.getByText('Content-Length is set for each request and cannot be chosen').waitFor();
      await dialog.getByLabel('Send none of them any more').check();
      await dialog.getByRole('button', { name: 'Save' }).click();
      await dialog.waitFor({ state: 'detached' });
      expect(await posthorn.call('GET', `/v1/endpoints/${id}`)).toMatchObject({ headers: {} });
    },
    TEST_MS,
  );

  test(
    'what a link leaves out is not offered, and bodies are not shown',
    async () => {
      const receiver = await stage.receiverThat(500);
      await stage.posthorn.newEndpoint(receiver.url, {
        consumer: 'looks',
        events: ['looked.at'],
        policy: { delays: [] },
      });
      const { id } = await stage.posthorn.post({
        type: 'looked.at',
        consumer: 'looks',
        data: { hidden: 'datum' },
      });
      await stage.posthorn.untilSettled(id);
      const page = await portal.open({ consumer: 'looks', capabilities: ['view'] });
      await page.getByRole('link', { name: receiver.url.replace('https://', '') }).click();
      await page.getByText('Your server answered 500').waitFor();
      await page.getByRole('link', { name: 'looked.at' }).click();
      await page
        .getByText(/This session does not show bodies/)
        .first()
        .waitFor();
      const offers = 'Add|Test|Pause|Recover|missed|Rotate|Edit|Delete|Resend';
      expect(await page.getByRole('button', { name: new RegExp(offers, 'i') }).count()).toBe(0);
      expect(await page.content()).not.toContain('datum');
      await page.goto(portal.address('/endpoints/new'));
      await page.getByText('This session may look, but not add endpoints').waitFor();
      await page.goto(portal.address('/deliveries'));
      await page.getByRole('link', { name: 'looked.at' }).waitFor();
      expect(await page.getByLabel('Text in the body').count()).toBe(0);
    },
    TEST_MS,
  );

  test(
    'every screen of the portal is accessible in both modes, at both widths and by keyboard, and fits 320 pixels',
    async () => {
      const { posthorn } = stage;
      await posthorn.call('PATCH', '/v1/project', {
        portal: { name: 'CmdCal', accent: '#ffd60a', radius: 10 },
      });
      for (const type of ['ticket.moved', 'ticket.closed', 'axe.failed'])
        await posthorn.call('PUT', `/v1/event-types/${type}`, {
          description: 'Someone moved a ticket to another list.',
          schema: { type: 'object', properties: { id: { type: 'string', description: 'The ticket' } } },
          example: { id: 'tic_1', big: 12 },
        });
      const receiver = await stage.receiverThat((_request, response) => {
        response.writeHead(500, { 'content-type': 'application/json' }).end('{"error":"no"}');
      });
      const { id: endpoint } = await posthorn.newEndpoint(receiver.url, {
        consumer: 'axe',
        description: 'Tickets',
        events: ['axe.*', 'ticket.moved'],
        policy: { delays: [] },
      });
      const event = await posthorn.post({ type: 'axe.failed', consumer: 'axe', data: { note: HOSTILE } });
      const { deliveries } = await posthorn.untilSettled(event.id);
      const screens: Screen[] = [
        ['/endpoints', 'Tickets'],
        ['/endpoints/new', 'All events'],
        [
          `/endpoints/${endpoint}`,
          'Your server answered 500',
          'Send a test',
          'Pause',
          'Recover failed',
          'Send missed',
          'Edit',
          'Rotate the secret',
          'Delete',
        ],
        ['/deliveries', 'axe.failed'],
        [`/deliveries/${deliveries[0]!.id}`, 'Given up after one attempt'],
        ['/event-types', 'Your endpoints'],
        ['/event-types/ticket.moved', 'What is signed', 'Subscribe', 'Send as a test'],
        ['/verify', 'Check a request'],
        ['/usage', 'Delivered share'],
        ['/nowhere', 'There is no such page'],
      ];
      const page = await portal.open({ consumer: 'axe', returnUrl: posthorn.url });
      const found = await examine(page, portal.address, screens);
      expect(found).toEqual([]);
      // The first path leads to the endpoints.
      expect(unseenRoutes('portal', screens)).toEqual(['/']);
    },
    2 * TEST_MS,
  );
}
