import { eventually } from '../../set-up/eventually.ts';
import { tabTo } from '../keyboard.ts';
import { faultsIn } from '../look.ts';
import { HOSTILE, type Stage, TEST_MS } from '../stage.ts';

export function eventTests(stage: Stage): void {
  test(
    'an event is found by keyboard alone, read attempt by attempt, and resent until it is delivered',
    async () => {
      const receiver = await stage.receiverThat((_request, response) => {
        response.writeHead(503, { 'content-type': 'text/html', 'x-hostile': '<b>' }).end(HOSTILE);
      }, 200);
      await stage.failedEvent('keyboard.failed', receiver);
      const page = await stage.browser.open();

      await page.goto(stage.address('/events'));
      await page.getByLabel('Key', { exact: true }).waitFor();
      await page.keyboard.type(stage.posthorn.project.key);
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'Events' }).waitFor();
      await page.keyboard.press('/');
      await page.keyboard.type('type:keyboard.failed');
      await page.keyboard.press('Enter');
      await page.getByText('type:keyboard.failed').waitFor();
      await tabTo(page, page.getByRole('link', { name: 'keyboard.failed' }));
      // There is no other row.
      await page.keyboard.press('j');
      await page.keyboard.press('Enter');

      await page.getByText('Undeliverable after 1 attempt: all attempts failed.').waitFor();
      await page.getByRole('heading', { name: /Attempt 1 of 1 · answered 503/ }).waitFor();
      await page.getByRole('region', { name: 'Response', exact: true }).getByText('x-hostile').waitFor();
      await page.getByText('<script>document.title=1</script>').first().waitFor();
      await page.keyboard.press('r');
      await page.getByText('Delivered after 1 attempt.').waitFor();
      expect(receiver.requests).toHaveLength(2);
      expect(await page.title()).toBe('keyboard.failed · Posthorn');
    },
    TEST_MS,
  );

  test(
    'the body is shown byte for byte, and two attempts are compared',
    async () => {
      const receiver = await stage.receiverThat(503, 500);
      await stage.posthorn.newEndpoint(receiver.url, { events: ['bytes.sent'], policy: { delays: ['1s'] } });
      const sent = '{"type":"bytes.sent","data":{"n":12345678901234567890,"price":1.0,"a":1,"a":2}}';
      const accepted = await fetch(`${stage.posthorn.url}/v1/events`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${stage.posthorn.project.key}`,
          'content-type': 'application/json',
        },
        body: sent,
      });
      const { id } = (await accepted.json()) as { id: string };
      await stage.posthorn.untilSettled(id);
      const page = await stage.open(`/events/${id}`);

      const body = page.getByRole('region', { name: 'Request body' });
      await body.getByText('12345678901234567890').waitFor();
      await body.getByRole('button', { name: 'Raw' }).click();
      await eventually(async () =>
        ((await body.locator('pre').textContent()) ?? '').includes('"price":1.0,"a":1,"a":2'),
      );
      await body.getByRole('button', { name: 'Hex' }).click();
      await body.getByText(/^00000000 {2}7b/).waitFor();
      await page.getByRole('button', { name: /Attempt 2: answered 500/ }).click();
      await page.getByLabel('Compare with').selectOption('1');
      await page.getByRole('row', { name: /status.*503.*500/ }).waitFor();
      expect(new URL(page.url()).searchParams.get('view')).toBe('hex');
    },
    TEST_MS,
  );

  test(
    'an event that went nowhere is sent to an endpoint that subscribed since',
    async () => {
      const event = await stage.posthorn.post({ type: 'nobody.asked', data: { n: 1 } });
      const receiver = await stage.receiverThat(200);
      await stage.posthorn.newEndpoint(receiver.url, { events: ['nobody.*'] });
      const page = await stage.open(`/events/${event.id}`);

      await page.getByText('This event went to no endpoint').waitFor();
      expect(await faultsIn(page, 'event without a delivery')).toEqual([]);
      const row = page.getByRole('row', { name: /nobody\.\* · would get it now/ });
      await row.getByRole('button', { name: 'Send it here' }).click();
      await page.getByText('Delivered after 1 attempt.').waitFor();
      expect(receiver.requests).toHaveLength(1);
    },
    TEST_MS,
  );

  test(
    'what is found in a body is counted, and stepped through by keyboard',
    async () => {
      const event = await stage.posthorn.post({
        type: 'found.inside',
        data: { needle: 'Needle', hay: 'needle' },
      });
      const page = await stage.open(`/events/${event.id}`);
      const body = page.getByRole('region', { name: 'Request body' });
      await body.getByLabel('Find in request body').fill('needle');
      await body.getByText('1 of 3').waitFor();
      await page.keyboard.press('Shift+Enter');
      await body.getByText('3 of 3').waitFor();
      expect(await body.locator('mark').count()).toBe(3);
    },
    TEST_MS,
  );

  test(
    'an event that has not changed is not sent again, and a held delivery is released where it is shown',
    async () => {
      const receiver = await stage.receiverThat(200);
      const endpoint = await stage.posthorn.newEndpoint(receiver.url, { events: ['held.here'] });
      await stage.posthorn.call('POST', `/v1/endpoints/${endpoint.id}/pause`);
      const event = await stage.posthorn.post({ type: 'held.here', data: {} });
      const page = await stage.open(`/events/${event.id}`);

      await page.getByText('Held: its endpoint is paused.').waitFor();
      await page.waitForResponse(
        (response) => response.url().endsWith(`/v1/events/${event.id}`) && response.status() === 304,
      );
      await page.getByRole('button', { name: 'Resume the endpoint' }).click();
      await page.getByRole('button', { name: 'Resume it' }).click();
      await page.getByText('Delivered after 1 attempt.').waitFor();
    },
    TEST_MS,
  );
}
