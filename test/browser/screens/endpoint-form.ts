import type { Locator } from 'playwright-core';
import { untilFocused } from '../keyboard.ts';
import { faultsIn } from '../look.ts';
import { type Stage, TEST_MS } from '../stage.ts';

/** Whether nothing covers the middle of an element, and it is within the window. */
const isInView = (element: Locator): Promise<boolean> =>
  element.evaluate((shown) => {
    const { left, right, top, bottom } = shown.getBoundingClientRect();
    const over = shown.ownerDocument.elementFromPoint((left + right) / 2, (top + bottom) / 2);
    return over !== null && shown.contains(over);
  });

export function endpointFormTests(stage: Stage): void {
  test(
    'an endpoint is made with a retry policy, headers and a filter, and each mistake stands at its field',
    async () => {
      const { url } = await stage.receiverThat(200);
      const page = await stage.open('/endpoints');
      await page.getByRole('button', { name: 'New endpoint' }).click();
      const dialog = page.getByRole('dialog');
      await untilFocused(page, dialog.getByLabel('URL'));
      await dialog.getByLabel('URL').fill(`${url}form`);
      await dialog.getByLabel('Event types').fill('form.*');
      await dialog.getByText('Retry policy', { exact: true }).click();
      await dialog.getByLabel('Delays', { exact: true }).selectOption('three-days');
      await dialog.getByText('10 attempts. A delivery that always fails is undeliverable after').waitFor();
      await dialog.getByLabel('Delays', { exact: true }).selectOption('own');
      await dialog.getByLabel('Own delays').fill('5s, soon');
      await dialog.getByText('Headers', { exact: true }).click();
      await dialog.getByRole('button', { name: 'Add a header' }).click();
      await dialog.getByLabel('Name of header 1').fill('Content-Type');
      await dialog.getByText('Filter', { exact: true }).click();
      await dialog.getByLabel('Filter', { exact: true }).fill('{"properties":\n  {"data": {"type": 5},}}');
      const add = dialog.getByRole('button', { name: 'Add the endpoint' });

      // What needs no call to be seen.
      await add.click();
      await dialog.getByText('Line 2, column 24: the comma before } is too much.').waitFor();
      await dialog.getByText('It has no value.').waitFor();
      await dialog.getByLabel('Filter', { exact: true }).fill('{"properties":\n  {"data": {"type": 5}}}');
      await dialog.getByLabel('Value of header 1').fill('text/plain');
      await add.click();
      await dialog.getByText('must be a duration such as 30s, 5m, 2h or 1d').waitFor();
      await untilFocused(page, dialog.getByLabel('Own delays'));
      await dialog.getByLabel('Own delays').fill('5s, 1m');
      await add.click();
      await dialog.getByText('is set for each request and cannot be chosen').waitFor();
      await dialog.getByLabel('Name of header 1').fill('X-Tenant');
      await add.click();
      await dialog.getByText(/^Line 2: properties\.data\.type /).waitFor();
      // However long the form is, and whatever of it is shown.
      expect(await isInView(dialog.getByRole('heading', { name: 'New endpoint' }))).toBe(true);
      expect(await isInView(add)).toBe(true);
      expect(await faultsIn(page, 'new endpoint')).toEqual([]);
      await dialog
        .getByLabel('Filter', { exact: true })
        .fill('{"properties": {"type": {"const": "form.made"}}}');
      await add.click();
      await dialog.getByRole('button', { name: 'Open the endpoint' }).click();

      await page.getByRole('heading', { name: `${url}form` }).waitFor();
      const id = page.url().match(/ep_\w+/)![0];
      expect(await stage.posthorn.call('GET', `/v1/endpoints/${id}`)).toMatchObject({
        policy: { delays: ['5s', '1m'] },
        headers: { 'X-Tenant': expect.any(String) },
        filter: { properties: { type: { const: 'form.made' } } },
      });
    },
    TEST_MS,
  );

  test(
    'a filter is compared with recent events, and headers that nobody can read are kept or replaced',
    async () => {
      const { url } = await stage.receiverThat(200);
      const { id } = await stage.posthorn.newEndpoint(`${url}edit`, {
        events: ['edited.*'],
        headers: { 'X-Old': 'secret-of-old' },
      });
      for (const type of ['edited.one', 'edited.two']) await stage.posthorn.post({ type, data: {} });
      const page = await stage.open(`/endpoints/${id}/settings`);
      const dialog = page.getByRole('dialog');
      await page.getByRole('button', { name: 'Edit' }).click();
      await dialog.getByText('Filter', { exact: true }).click();
      await dialog
        .getByLabel('Filter', { exact: true })
        .fill('{"properties": {"type": {"const": "edited.one"}}}');
      await dialog.getByRole('button', { name: 'Compare with recent events' }).click();
      await dialog.getByText('1 of 2').waitFor();
      await dialog.getByText('does not fit', { exact: true }).waitFor();
      await dialog.getByText('Headers', { exact: true }).click();
      await dialog.getByText('value not shown').waitFor();
      expect(await page.content()).not.toContain('secret-of-old');
      expect(await faultsIn(page, 'edit endpoint')).toEqual([]);
      await dialog.getByRole('button', { name: 'Save' }).click();
      await dialog.waitFor({ state: 'detached' });
      const stored = () => stage.posthorn.call('GET', `/v1/endpoints/${id}`);
      expect(await stored()).toMatchObject({ headers: { 'X-Old': expect.any(String) } });

      await page.getByRole('button', { name: 'Edit' }).click();
      await dialog.getByText('Headers', { exact: true }).click();
      await dialog.getByRole('button', { name: 'Replace the headers' }).click();
      await dialog.getByLabel('Name of header 1').fill('X-New');
      await dialog.getByLabel('Value of header 1').fill('1');
      await dialog.getByRole('button', { name: 'Save' }).click();
      await dialog.waitFor({ state: 'detached' });
      expect(await stored()).toMatchObject({
        headers: { 'X-New': expect.any(String) },
        filter: { properties: { type: { const: 'edited.one' } } },
      });
      await untilFocused(page, page.getByRole('button', { name: 'Edit' }));

      // Without a field, the act that changes nothing has the focus.
      await page.getByRole('button', { name: 'Disable' }).click();
      await untilFocused(page, dialog.getByRole('button', { name: 'Leave it' }));
      await page.keyboard.press('Enter');
      await dialog.waitFor({ state: 'detached' });
      await untilFocused(page, page.getByRole('button', { name: 'Disable' }));
    },
    TEST_MS,
  );
}
