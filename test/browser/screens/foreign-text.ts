import type { Page } from 'playwright-core';
import { eventually } from '../../set-up/eventually.ts';
import { type Stage, TEST_MS } from '../stage.ts';

/** Overrides the order of all that follows it, and is never ended. */
const OVERRIDE = '\u202e';
const NAME = `left${OVERRIDE}right`;

/**
 * In the page: control characters that are not shown by their name, or whose effect does not end with them; and letters behind
 * one that do not stand from left to right.
 */
const FAULTS = `(() => {
  const CONTROL = /[\\u061c\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069]/;
  const faults = [];
  let shown = 0;
  const texts = document.createTreeWalker(document.documentElement, NodeFilter.SHOW_TEXT);
  for (let text = texts.nextNode(); text; text = texts.nextNode()) {
    const parent = text.parentElement;
    if (!CONTROL.test(text.data) || ['SCRIPT', 'STYLE'].includes(parent.tagName)) continue;
    const name = parent.dataset.control;
    const before = getComputedStyle(parent, '::before').content;
    if (text.data.length !== 1 || !name || before !== '"' + name + '"' || getComputedStyle(parent).unicodeBidi !== 'isolate')
      faults.push('text of ' + parent.localName + ' in ' + parent.parentElement.outerHTML.slice(0, 200));
    else shown += 1;
    const after = parent.nextSibling;
    if (after?.nodeType !== Node.TEXT_NODE || !parent.checkVisibility()) continue;
    const lefts = [0, 1].map((at) => {
      const range = new Range();
      range.setStart(after, at);
      range.setEnd(after, at + 1);
      return range.getBoundingClientRect();
    });
    const isOneLine = lefts[0].top === lefts[1].top;
    if (isOneLine && !(parent.getBoundingClientRect().left < lefts[0].left && lefts[0].left < lefts[1].left))
      faults.push('order of ' + parent.parentElement.outerHTML.slice(0, 200));
  }
  for (const element of document.querySelectorAll('*'))
    for (const name of ['title', 'aria-label', 'aria-valuetext', 'placeholder', 'alt', 'label'])
      if (CONTROL.test(element.getAttribute(name) ?? '')) faults.push(name + ' of ' + element.outerHTML.slice(0, 200));
  return { faults, shown };
})()`;

async function faultsIn(page: Page, path: string): Promise<string[]> {
  const { faults, shown } = await page.evaluate<{ faults: string[]; shown: number }>(FAULTS);
  if (shown === 0) faults.push('shows no control character');
  return faults.map((fault) => `${path}: ${fault}`);
}

/** The name of the project is on every screen. */
async function isDrawn(page: Page): Promise<void> {
  await page.locator('main h1').waitFor();
  await page.locator('[data-control]').first().waitFor();
  await eventually(async () => (await page.locator('[class*="keleton"]').count()) === 0);
}

/** Text of others that would change the order of what stands around it. */
export function foreignTextTests(stage: Stage): void {
  test(
    'control characters that change the order of text are shown by their names and change nothing around them, on every screen',
    async () => {
      const { posthorn } = stage;
      const { id: project, key } = await posthorn.newProject();
      const call = async <T>(method: string, path: string, body: object): Promise<T> => {
        const answer = await posthorn.client.call(method, path, { key, body });
        expect([path, answer.status < 300]).toEqual([path, true]);
        return answer.body as T;
      };
      await call('PATCH', '/v1/project', { name: NAME, portal: { name: NAME } });
      const receiver = await stage.receiverThat((_request, response) => {
        response.writeHead(500, { 'content-type': 'application/json' }).end(`{"no":"${NAME}"}`);
      });
      await call('PUT', '/v1/consumers/foreign', { name: NAME });
      await call('PUT', '/v1/event-types/foreign.sent', {
        description: NAME,
        schema: { type: 'object', properties: { note: { type: 'string', description: NAME } } },
        example: { note: NAME },
      });
      const endpoint = await call<{ id: string }>('POST', '/v1/endpoints', {
        ...{ url: receiver.url, description: NAME, consumer: 'foreign', events: ['foreign.sent'] },
        policy: { delays: [] },
      });
      const { id: event } = await call<{ id: string }>('POST', '/v1/events', {
        ...{ type: 'foreign.sent', consumer: 'foreign', data: { note: NAME }, attributes: { region: NAME } },
      });
      const deliveryOf = async () => {
        const answer = await posthorn.client.call('GET', `/v1/events/${event}`, { key });
        return (answer.body as { deliveries: { id: string; status: string }[] }).deliveries[0]!;
      };
      await receiver.untilReceived(1, 60_000);
      const delivery = await deliveryOf();

      const page = await stage.open(`/events/${event}`, key, project);
      // Its own body, and the answer of its receiver.
      await page.getByRole('region', { name: 'Response body' }).getByText('right').waitFor();
      await page.getByRole('region', { name: 'Request body' }).getByText('right').waitFor();
      const found = await faultsIn(page, 'event');
      await page.getByRole('region', { name: 'Request body' }).getByRole('button', { name: 'Raw' }).click();
      found.push(...(await faultsIn(page, 'event, raw')));
      const copied = await page.evaluate<string>(
        `document.querySelector('section[aria-label="Request body"] pre').textContent`,
      );
      expect(copied).toContain(NAME);

      const screens = [
        '/attention',
        '/consumers',
        '/consumers/foreign',
        '/endpoints',
        `/endpoints/${endpoint.id}`,
      ];
      const more = [
        '/event-types',
        '/event-types/foreign.sent',
        '/settings',
        '/events?attribute.region=left%E2%80%AEright',
      ];
      for (const path of [...screens, ...more]) {
        await page.goto(stage.address(path, project));
        await isDrawn(page);
        found.push(...(await faultsIn(page, path)));
      }
      expect(await page.title()).not.toContain(OVERRIDE);

      const link = await call<{ url: string }>('POST', '/v1/portal-links', { consumer: 'foreign' });
      const customer = await stage.browser.open();
      await customer.goto(link.url.replace(posthorn.config.http.publicUrl, posthorn.url));
      await customer.getByRole('navigation', { name: 'Portal' }).waitFor();
      for (const path of [
        '/endpoints',
        `/endpoints/${endpoint.id}`,
        `/deliveries/${delivery.id}`,
        '/event-types',
        '/event-types/foreign.sent',
        '/deliveries',
        '/verify',
        '/usage',
      ]) {
        await customer.goto(`${posthorn.url}/portal/${project}${path}`);
        await isDrawn(customer);
        found.push(...(await faultsIn(customer, `portal ${path}`)));
      }
      expect(await customer.title()).not.toContain(OVERRIDE);
      expect(found).toEqual([]);
    },
    2 * TEST_MS,
  );
}
