import { examine, faultsIn, type Screen, unseenRoutes } from '../look.ts';
import { type Stage, TEST_MS } from '../stage.ts';
import { dropCatalogue, putCatalogue } from './catalogue.ts';

async function screensOf(stage: Stage): Promise<Screen[]> {
  const { posthorn, receiverThat, failedEvent } = stage;
  const receiver = await receiverThat((_request, response) => {
    response.writeHead(500, { 'content-type': 'application/json' }).end('{"error":"no"}');
  });
  const event = await failedEvent('axe.failed', receiver);
  const { deliveries } = await posthorn.eventOf(event);
  const endpoint = deliveries[0]!.endpoint;
  const lanes = await eventOfThreeLanes(stage);
  const recovery = await recoveryOf(stage);
  // From then on there are no other types.
  await putCatalogue(stage);
  const body = { consumer: 'acme' };
  await posthorn.call('POST', '/v1/keys', body);
  const { url } = await posthorn.call<{ url: string }>('POST', '/v1/portal-links', body);
  await posthorn.client.call('POST', '/v1/portal-sessions', { body: { code: url.split('#code=')[1] } });
  return [
    ['/', 'See what and why'],
    ['/attention', 'Resend all', 'Resend all', 'Dismiss', 'Pause endpoint'],
    ['/events', 'axe.failed', 'Send an event', 'Help and keys', 'Jump to an id or a screen Ctrl K'],
    [`/events/${event}`, 'Copy as curl', 'Send to another endpoint'],
    [`/events/${lanes}`, 'next attempt in'],
    ['/events?type=nothing.like.it', 'No event fits'],
    ['/deliveries', 'axe.failed'],
    ['/endpoints', 'Last failure', 'New endpoint'],
    [
      `/endpoints/${endpoint}`,
      'What waits, and for what',
      'Send a test',
      'Pause',
      'Disable',
      'Recover failed',
      'Send missed',
    ],
    [`/endpoints/${endpoint}/deliveries`, 'axe.failed'],
    [`/endpoints/${endpoint}/settings`, 'Rotate the secret', 'Edit', 'Rotate the secret', 'Delete'],
    ['/recoveries', 'Recoveries'],
    [`/recoveries/${recovery}`, 'Sent again'],
    ['/event-types', 'render.completed', 'New type'],
    ['/event-types/render.completed', 'What is signed', 'Send as test', 'Edit', 'Delete'],
    ['/event-types/render.failed', 'Any data'],
    ['/consumers', 'acme', 'New consumer'],
    [
      '/consumers/acme',
      'all of the portal',
      'Open portal as this customer',
      'Make a portal link',
      'Name and plan',
      'End all',
    ],
    ['/profile', 'What is signed'],
    ['/stream', 'Quiet'],
    ['/settings', 'The default colours of the dark mode'],
    ['/keys', 'Made', 'New key', 'Delete'],
  ];
}

export function everyScreenTests(stage: Stage): void {
  test(
    'every screen is accessible in both modes, at both widths and by keyboard, fits 320 pixels, and does not move by itself',
    async () => {
      const screens = await screensOf(stage);
      const page = await stage.browser.open();
      await page.goto(stage.address('/events'));
      await page.getByLabel('Key', { exact: true }).waitFor();
      const found = await faultsIn(page, 'sign-in');
      await stage.signIn(page, '/events');
      found.push(...(await examine(page, stage.address, screens)));
      await dropCatalogue(stage);
      expect(found).toEqual([]);
      // The projects have a test of their own; the last one leads to an event.
      expect(unseenRoutes('operator', screens)).toEqual(['sign-in', 'p/$project', 'deliveries/$delivery']);
    },
    4 * TEST_MS,
  );
}

async function recoveryOf({ posthorn, failedEvent, receiverThat }: Stage): Promise<string> {
  const event = await posthorn.eventOf(await failedEvent('recovered.again', await receiverThat(500, 200)));
  const { id } = await posthorn.call<{ id: string }>('POST', '/v1/recoveries', {
    what: 'failed',
    endpoint: event.deliveries[0]!.endpoint,
    since: new Date(Date.now() - 3_600_000).toISOString(),
  });
  return id;
}

/** An event that one endpoint got, that one refuses and gets again later, and that waits for one that is paused. */
async function eventOfThreeLanes({ posthorn, receiverThat }: Stage): Promise<string> {
  const events = ['lanes.three'];
  await posthorn.newEndpoint((await receiverThat(200)).url, { events });
  const refusing = await receiverThat(503, 500);
  await posthorn.newEndpoint(refusing.url, { events, policy: { delays: ['1s', '30m', '2h'] } });
  const paused = await posthorn.newEndpoint((await receiverThat(200)).url, { events });
  await posthorn.call('POST', `/v1/endpoints/${paused.id}/pause`);
  const event = await posthorn.post({ type: 'lanes.three', data: { job: 17 } });
  await refusing.untilReceived(2);
  return event.id;
}
