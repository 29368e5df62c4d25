import { examine } from '../look.ts';
import { type Stage, TEST_MS } from '../stage.ts';
import { dropCatalogue, putCatalogue } from './catalogue.ts';

/** The screens, and a text that shows that each is loaded. */
async function screensOf(stage: Stage): Promise<[string, string][]> {
  const { posthorn, receiverThat, failedEvent } = stage;
  const receiver = await receiverThat((_request, response) => {
    response.writeHead(500, { 'content-type': 'application/json' }).end('{"error":"no"}');
  });
  const event = await failedEvent('axe.failed', receiver);
  const { deliveries } = await posthorn.eventOf(event);
  const endpoint = deliveries[0]!.endpoint;
  const lanes = await eventOfThreeLanes(stage);
  // From then on there are no other types.
  await putCatalogue(stage);
  const body = { consumer: 'acme' };
  await posthorn.call('POST', '/v1/keys', body);
  const { url } = await posthorn.call<{ url: string }>('POST', '/v1/portal-links', body);
  await posthorn.client.call('POST', '/v1/portal-sessions', { body: { code: url.split('#code=')[1] } });
  return [
    ['/', 'See what and why'],
    ['/attention', 'Resend all'],
    ['/events', 'axe.failed'],
    [`/events/${event}`, 'Copy as curl'],
    [`/events/${lanes}`, 'next attempt in'],
    ['/events?type=nothing.like.it', 'No event fits'],
    ['/deliveries', 'axe.failed'],
    ['/endpoints', 'Last failure'],
    [`/endpoints/${endpoint}`, 'What waits, and for what'],
    [`/endpoints/${endpoint}/deliveries`, 'axe.failed'],
    [`/endpoints/${endpoint}/settings`, 'Rotate the secret'],
    ['/recoveries', 'Recoveries'],
    ['/event-types', 'render.completed'],
    ['/event-types/render.completed', 'What is signed'],
    ['/event-types/render.failed', 'Any data'],
    ['/consumers', 'acme'],
    ['/consumers/acme', 'all of the portal'],
    ['/profile', 'What is signed'],
    ['/stream', 'Quiet'],
    ['/settings', 'The default colours of the dark mode'],
    ['/keys', 'Made'],
  ];
}

export function everyScreenTests(stage: Stage): void {
  test(
    'every screen is accessible in both modes and at both widths, fits 320 pixels, and does not move by itself',
    async () => {
      const page = await stage.open('/events');
      const found = await examine(page, stage.address, await screensOf(stage));
      await dropCatalogue(stage);
      expect(found).toEqual([]);
    },
    4 * TEST_MS,
  );
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
