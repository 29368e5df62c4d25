import { startReceiver } from '../../receivers/receiver.ts';
import { faultsIn } from '../look.ts';
import { type Stage, TEST_MS } from '../stage.ts';

export function attentionTests(stage: Stage): void {
  test(
    'a group of failures is resent as one, and leaves the list when it is delivered',
    async () => {
      const receiver = await stage.receiverThat(502, 502, 502, 200);
      await stage.posthorn.newEndpoint(receiver.url, { events: ['group.failed'], policy: { delays: [] } });
      let last = '';
      for (let i = 0; i < 3; i++) {
        last = (await stage.posthorn.post({ type: 'group.failed', data: { i } })).id;
        await stage.posthorn.untilSettled(last);
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

      await page.goto(stage.address(`/events/${last}`));
      await page.getByRole('button', { name: /Attempt 1: answered 200/ }).click();
      const attempt = page.getByRole('region', { name: 'Attempt 1' });
      await attempt.getByText('sent by').waitFor();
      expect(await attempt.getByText('asked for by hand').count()).toBe(0);
      expect(await faultsIn(page, 'event that a recovery sent')).toEqual([]);
      await attempt.getByRole('link', { name: /^recovery …/ }).click();
      await page.getByRole('heading', { name: 'Recovery' }).waitFor();
      await page.getByText('3 of 3 sent').waitFor();
    },
    TEST_MS,
  );

  test(
    'failures with one outcome and two causes are two groups, and what is done to one leaves the other',
    async () => {
      const { posthorn } = stage;
      const closed = await startReceiver([]);
      const endpoint = await posthorn.newEndpoint(closed.url, {
        events: ['cause.*'],
        policy: { delays: [] },
      });
      await closed.close();
      const ids: string[] = [];
      for (let i = 0; i < 2; i++) {
        const { id } = await posthorn.post({ type: 'cause.unreachable', data: { i } });
        ids.push((await posthorn.untilSettled(id)).deliveries[0]!.id);
      }
      await posthorn.database.pool.query(
        `UPDATE deliveries SET last_error_code = 'EHOSTUNREACH' WHERE id = $1`,
        [ids[0]],
      );
      const page = await stage.open(`/attention?endpoint=${endpoint.id}`);

      const refused = page.getByRole('region', { name: /connection refused/ });
      const unreachable = page.getByRole('region', { name: /host unreachable/ });
      await refused.getByText('ECONNREFUSED').waitFor();
      await unreachable.getByText('EHOSTUNREACH').waitFor();
      expect(await faultsIn(page, 'groups with error codes')).toEqual([]);
      await unreachable.getByRole('button', { name: 'Show samples' }).click();
      await unreachable.getByRole('link', { name: 'Open as a list' }).click();
      await page.getByText(/error:\s?EHOSTUNREACH/).waitFor();
      await page.getByRole('cell', { name: 'host unreachable' }).waitFor();
      expect(await page.getByRole('cell', { name: 'connection refused' }).count()).toBe(0);
      await page.goBack();
      await refused.getByRole('button', { name: 'Dismiss' }).click();
      await page.getByRole('button', { name: 'Dismiss it' }).click();
      await refused.waitFor({ state: 'detached' });
      await unreachable.waitFor();
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
