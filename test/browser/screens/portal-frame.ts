import type { Frame, Page } from 'playwright-core';
import type { Receiver } from '../../receivers/receiver.ts';
import { eventually } from '../../set-up/eventually.ts';
import { keepPicture } from '../accessibility.ts';
import { portalOf } from '../portal.ts';
import { type Stage, TEST_MS } from '../stage.ts';

export function portalFrameTests(stage: Stage): void {
  const portal = portalOf(stage);

  test(
    'a page of a listed origin shows the portal in a frame, and both tell each other what happens',
    async () => {
      const { browser, posthorn } = stage;
      const { url } = await portal.link({ consumer: 'framed', path: 'endpoints' });
      const host = await hostThatShows(url);
      await list(new URL(host.url).origin);
      const page = await browser.open({ colorScheme: 'light' });
      await page.goto(host.url);
      const frame = await portalFrameIn(page);
      await frame.getByRole('heading', { name: 'Endpoints', level: 1 }).waitFor();
      await told(page, ['ready', {}]);
      await eventually(async () => (await frame.locator('html').getAttribute('data-theme')) === 'dark');
      expect(
        await frame.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--accent')"),
      ).toContain('#0');
      await growsWithContent(page, frame);
      await keepPicture(page, 'portal in a frame');

      await page.evaluate("portal.navigate('/endpoints/new')");
      await told(page, ['navigate', { path: '/endpoints/new' }]);
      await frame.getByLabel('URL').fill('https://example.com/hooks');
      await frame.getByRole('button', { name: 'Add the endpoint' }).click();
      await frame.getByRole('heading', { name: 'Endpoint added' }).waitFor();
      const { items } = await posthorn.call<{ items: { id: string }[] }>(
        'GET',
        '/v1/endpoints?consumer=framed',
      );
      await told(page, ['endpoint-created', { id: items[0]!.id }]);
      await growsWithContent(page, frame);

      await page.evaluate("portal.navigate('/deliveries')");
      await frame.getByRole('heading', { name: 'Deliveries', level: 1 }).waitFor();
      await posthorn.call('DELETE', '/v1/consumers/framed/sessions');
      await told(page, ['session-expired', {}]);
      await frame.getByRole('heading', { name: 'Your session was ended' }).waitFor();
      await keepPicture(page, 'portal in a frame, session ended');
      const next = await portal.link({ consumer: 'framed', path: 'endpoints' });
      await page.evaluate(`portal.setAttribute('src', '${next.url}')`);
      await frame.getByRole('heading', { name: 'Deliveries', level: 1 }).waitFor();
      portal.expectRefusals(host.url);
    },
    TEST_MS,
  );

  test(
    'a new link shows its own customer and nothing of the one before, and a used link of another shows nobody',
    async () => {
      const { browser, posthorn } = stage;
      const receiver = await stage.receiverThat(204);
      for (const consumer of ['first', 'second'])
        await posthorn.newEndpoint(receiver.url, { consumer, description: `Endpoint of ${consumer}` });
      const linkOf = (consumer: string) => portal.link({ consumer, path: 'endpoints' });
      const first = await linkOf('first');
      const host = await hostThatShows(first.url);
      await list(new URL(host.url).origin);
      const page = await browser.open();
      await page.goto(host.url);
      const frame = await portalFrameIn(page);
      const shows = async (consumer: string, inFrame = frame): Promise<string> => {
        await inFrame.getByText(`Endpoint of ${consumer}`).first().waitFor();
        return inFrame.locator('body').innerText();
      };
      const setSource = (url: string) => page.evaluate(`portal.setAttribute('src', '${url}')`);
      await shows('first');
      await frame.getByRole('link', { name: new URL(receiver.url).host }).click();
      await frame.getByRole('button', { name: 'Rotate the secret' }).click();
      await frame.getByRole('dialog').getByRole('button', { name: 'Rotate it' }).click();
      await frame.getByRole('dialog').getByText('This is the new secret').waitFor();
      await setSource((await linkOf('second')).url);
      await frame.getByRole('dialog').waitFor({ state: 'detached' });
      await page.evaluate("portal.navigate('/endpoints')");
      expect(await shows('second')).not.toContain('Endpoint of first');

      await setSource(first.url);
      await told(page, ['session-expired', {}]);
      await frame.getByRole('heading', { name: 'This link has been used, or has expired' }).waitFor();
      await setSource((await linkOf('first')).url);
      expect(await shows('first')).not.toContain('Endpoint of second');

      // The link of another project, and two links at once, of which the later one counts.
      const other = await posthorn.newProject({
        portal: { origins: [new URL(host.url).origin] },
      });
      await setSource(portal.address('').replace(posthorn.project.id, other.id));
      await eventually(async () => page.frames().some((each) => each.url().includes(other.id)));
      const [before, after] = [await linkOf('first'), await linkOf('second')];
      await page.evaluate(
        `portal.setAttribute('src', '${before.url}'); portal.setAttribute('src', '${after.url}')`,
      );
      await eventually(async () =>
        page.frames().some((each) => each.url().includes(`/portal/${posthorn.project.id}`)),
      );
      const latest = page.frames().find((each) => each.url().includes(`/portal/${posthorn.project.id}`))!;
      expect(await shows('second', latest)).not.toContain('Endpoint of first');
      portal.expectRefusals(host.url);
    },
    TEST_MS,
  );

  test(
    'a page of another origin cannot show the portal in a frame',
    async () => {
      const { url } = await portal.link({ consumer: 'framed' });
      const host = await hostThatShows(url);
      const page = await stage.browser.open();
      await page.goto(host.url);
      await eventually(async () => stage.browser.faults.some((text) => text.includes('frame-ancestors')));
      expect(page.frames().some((frame) => frame.url().includes('/portal/'))).toBe(false);
      expect(await page.evaluate('told')).toEqual([]);
      // The link was not used up by it.
      stage.browser.faults.splice(0);
      const other = await stage.browser.open();
      await other.goto(url);
      await other.getByRole('navigation', { name: 'Portal' }).waitFor();
    },
    TEST_MS,
  );

  /** A product of another origin. `told` on its page is what the portal has told it. */
  const hostThatShows = (link: string): Promise<Receiver> =>
    stage.receiverThat((_request, response) => {
      response
        .writeHead(200, { 'content-type': 'text/html' })
        .end(`<!doctype html><html lang="en"><title>Product</title><link rel="icon" href="data:,">
        <script src="${stage.posthorn.url}/portal-embed.js"></script>
        <script>
          const told = [];
          const portal = document.createElement('posthorn-portal');
          for (const type of ['ready', 'navigate', 'session-expired', 'endpoint-created'])
            portal.addEventListener(type, (event) => told.push([type, event.detail]));
          portal.setAttribute('theme-mode', 'dark');
          portal.setAttribute('accent', '#008060');
          portal.setAttribute('src', '${link}');
          document.documentElement.append(portal);
        </script>`);
    });

  /** Lets pages of this origin show the portal. */
  async function list(origin: string): Promise<void> {
    await stage.posthorn.call('PATCH', '/v1/project', { portal: { origins: [origin] } });
    await eventually(async () => {
      const { headers } = await fetch(portal.address(''));
      return headers.get('content-security-policy')?.includes(origin) ?? false;
    });
  }

  async function portalFrameIn(page: Page): Promise<Frame> {
    await eventually(async () => page.frames().some((frame) => frame.url().includes('/portal/')));
    return page.frames().find((frame) => frame.url().includes('/portal/'))!;
  }

  /** The element is as high as what it shows, so that nothing scrolls inside. */
  const growsWithContent = (page: Page, frame: Frame): Promise<void> =>
    eventually(async () => {
      const height = await page.evaluate<number>('portal.offsetHeight');
      return (
        height >= 560 && height === (await frame.evaluate<number>('document.documentElement.scrollHeight'))
      );
    });

  const told = (page: Page, message: [string, object]): Promise<void> =>
    eventually(async () =>
      (await page.evaluate<unknown[]>('told')).some(
        (entry) => JSON.stringify(entry) === JSON.stringify(message),
      ),
    );
}
