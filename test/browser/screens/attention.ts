import { type Stage, TEST_MS } from '../stage.ts';

export function attentionTests(stage: Stage): void {
  test(
    'a group of failures is resent as one, and leaves the list when it is delivered',
    async () => {
      const receiver = await stage.receiverThat(502, 502, 502, 200);
      await stage.posthorn.newEndpoint(receiver.url, { events: ['group.failed'], policy: { delays: [] } });
      for (let i = 0; i < 3; i++) {
        const event = await stage.posthorn.post({ type: 'group.failed', data: { i } });
        await stage.posthorn.untilSettled(event.id);
      }
      const page = await stage.open('/attention');

      const group = page.getByRole('region', { name: /answered 502/ });
      await group.getByRole('button', { name: 'Resend all' }).click();
      await page.getByRole('button', { name: 'Resend 3 deliveries' }).click();
      await page.getByRole('heading', { name: 'Recovery' }).waitFor();
      await receiver.untilReceived(6);
      await page.getByRole('link', { name: 'Attention' }).click();
      await page.getByRole('heading', { name: 'Attention' }).waitFor();
      await group.waitFor({ state: 'detached' });
    },
    TEST_MS,
  );

  test(
    'a group that is being retried is attempted at once, as one',
    async () => {
      const receiver = await stage.receiverThat(507, 507, 200);
      const endpoint = await stage.posthorn.newEndpoint(receiver.url, {
        events: ['group.retried'],
        policy: { delays: ['1h'] },
      });
      for (let i = 0; i < 2; i++) await stage.posthorn.post({ type: 'group.retried', data: { i } });
      await receiver.untilReceived(2);
      const page = await stage.open(`/endpoints/${endpoint.id}`);
      await page.getByRole('button', { name: 'Recover failed' }).click();
      await page
        .getByText(/There is nothing to send\. 2 deliveries are still being retried, the next/)
        .waitFor();
      await page.getByRole('button', { name: 'Cancel' }).click();

      await page.goto(stage.address('/events?type=group.retried'));
      await page.getByLabel('Select all rows that are shown').check();
      await page.getByRole('button', { name: 'Resend failed deliveries' }).click();
      await page.getByText(/Nothing was sent: 2 deliveries are still being retried/).waitFor();

      await page.goto(stage.address('/attention'));
      const group = page.getByRole('region', { name: /answered 507/ });
      await group.getByRole('button', { name: 'Attempt 2 now' }).click();
      await page.getByText('2 attempts start now.').waitFor();
      await receiver.untilReceived(4);
      await group.waitFor({ state: 'detached' });
    },
    TEST_MS,
  );
}
