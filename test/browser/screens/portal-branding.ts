import { portalOf } from '../portal.ts';
import { type Stage, TEST_MS } from '../stage.ts';

export function portalBrandingTests(stage: Stage): void {
  const portal = portalOf(stage);

  test(
    'no screen of a project that hides it names Posthorn, nor what is said about a failure',
    async () => {
      const { posthorn } = stage;
      const portalSettings = { name: 'CmdCal', hideBranding: true };
      await posthorn.call('PATCH', '/v1/project', { portal: portalSettings });
      const page = await portal.open({ consumer: 'checks', path: 'verify' });
      const receiver = await stage.receiverThat((_request, response) => {
        response.writeHead(302, { location: 'https://example.com/moved' }).end();
      });
      const { id: endpoint } = await posthorn.newEndpoint(receiver.url, {
        consumer: 'checks',
        headers: { 'User-Agent': 'CmdCal' },
        policy: { delays: [] },
      });
      const event = await posthorn.post({ type: 'checked.at', consumer: 'checks', data: {} });
      const { deliveries } = await posthorn.untilSettled(event.id);

      const namesNobody = async (): Promise<void> =>
        expect(`${await page.title()} ${await page.locator('body').innerText()}`).not.toMatch(/posthorn/i);
      const screens = [
        ['/endpoints', 'Add an endpoint'],
        [`/endpoints/${endpoint}`, 'Your server answered 302'],
        [`/deliveries/${deliveries[0]!.id}`, 'REDIRECT_NOT_FOLLOWED'],
        ['/endpoints/new', 'Own headers'],
        ['/deliveries', 'checked.at'],
        ['/event-types', /Your endpoints|There is no catalogue/],
        ['/verify', 'Copy the code'],
        ['/usage', 'As table'],
      ] as const;
      for (const [path, ready] of screens) {
        await page.goto(portal.address(path));
        await page.getByText(ready).first().waitFor();
        await namesNobody();
      }
      await page.goto(portal.address(`/endpoints/${endpoint}`));
      await page.getByRole('button', { name: 'Rotate the secret' }).click();
      await page.getByRole('dialog').getByText('one is made for you').waitFor();
      await namesNobody();
      await page.getByRole('button', { name: 'Rotate it' }).click();
      await page.getByRole('dialog').getByText('OLD_SECRET').waitFor();
      await namesNobody();

      await page.goto(portal.address(`/endpoints/${endpoint}`));
      await page.getByRole('button', { name: 'Send a test' }).click();
      await page.getByRole('dialog').getByText('It gets the example of the type').waitFor();
      await namesNobody();
    },
    TEST_MS,
  );

  test(
    'what the API refuses there, and a response that is not from it, do not name Posthorn either',
    async () => {
      const { posthorn, browser } = stage;
      await posthorn.call('PATCH', '/v1/project', { portal: { name: 'CmdCal', hideBranding: true } });
      const page = await portal.open({ consumer: 'refused', path: 'endpoints/new' });
      await page.getByLabel('URL').fill('https://example.com/hooks');
      await page.getByText('Own headers').click();
      await page.getByLabel('Headers of each request').fill('Content-Length: 1');
      await page.getByRole('button', { name: 'Add the endpoint' }).click();
      await page.getByText('cannot be chosen').first().waitFor();
      const text = () => page.locator('body').innerText();
      expect(await text()).not.toMatch(/posthorn/i);

      await page.route('**/v1/endpoints?*', (route) =>
        route.fulfill({ status: 404, contentType: 'text/html', body: 'nothing here' }),
      );
      await page.goto(portal.address('/endpoints'));
      await page.getByText('The response with status 404 is not from CmdCal.').waitFor();
      expect(await text()).not.toMatch(/posthorn/i);
      // The browser logs both refusals.
      const { faults } = browser;
      faults.splice(0, faults.length, ...faults.filter((fault) => !/\/v1\/endpoints/.test(fault)));
    },
    TEST_MS,
  );
}
