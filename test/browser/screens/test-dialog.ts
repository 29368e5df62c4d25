import { faultsIn } from '../look.ts';
import { type Stage, TEST_MS } from '../stage.ts';

export function testDialogTests(stage: Stage): void {
  test(
    'without a catalogue, a test and an event begin with a type and data that can be sent, and take any others',
    async () => {
      const { posthorn } = stage;
      const project = await posthorn.newProject();
      const receiver = await stage.receiverThat(200);
      const body = { url: receiver.url, events: ['invoice.*'] };
      const made = await posthorn.client.call('POST', '/v1/endpoints', { key: project.key, body });
      const { id } = made.body as { id: string };
      const page = await stage.open('/events', project.key, project.id);
      const dialog = page.getByRole('dialog');
      const sendEvent = page.getByRole('button', { name: 'Send an event' });
      await sendEvent.click();
      expect(await dialog.getByLabel('Type', { exact: true }).inputValue()).toBe('order.paid');
      expect(await dialog.getByLabel('Data').inputValue()).toBe('{\n  "order": 17\n}');
      await dialog.getByRole('button', { name: 'Cancel' }).click();

      await page.goto(`${posthorn.url}/dashboard/p/${project.id}/endpoints/${id}`);
      await page.getByRole('button', { name: 'Send a test' }).click();
      expect(await dialog.getByLabel('Event type').inputValue()).toBe('invoice.test');
      expect(await dialog.getByLabel('Data').inputValue()).toBe('{\n  "test": true\n}');
      await dialog.getByLabel('Event type').fill('invoice.sent');
      await dialog.getByLabel('Data').fill('{\n  "big": 12345678901234567890\n  "more": 1\n}');
      await dialog.getByRole('button', { name: 'Send the test' }).click();
      await dialog.getByText('Line 3, column 3: a comma is missing.').waitFor();
      await dialog.getByLabel('Data').fill('{"big": 12345678901234567890}');
      await dialog.getByRole('button', { name: 'Send the test' }).click();
      await dialog.getByText('It answered 200').waitFor();
      expect(await faultsIn(page, 'test dialog')).toEqual([]);
      expect(receiver.requests).toHaveLength(1);
      const received = receiver.requests[0]!.body.toString();
      expect(received).toContain('"data":{"big": 12345678901234567890}');
      expect(received).toContain('"type":"invoice.sent"');

      await page.goto(`${posthorn.url}/dashboard/p/${project.id}/events`);
      await sendEvent.click();
      await dialog.getByLabel('Type', { exact: true }).fill('invoice.paid');
      await dialog.getByRole('button', { name: 'Send it' }).click();
      await page.getByRole('heading', { name: 'invoice.paid' }).waitFor();
      await receiver.untilReceived(2);
    },
    TEST_MS,
  );
}
