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
    },
    TEST_MS,
  );
}
