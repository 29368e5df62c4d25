import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Locator } from 'playwright-core';
import { certificate, testAuthority } from '../../receivers/certificates.ts';
import { createClientAuthority } from '../../receivers/client-certificates.ts';
import { type Receiver, startReceiver } from '../../receivers/receiver.ts';
import { keepPicture } from '../accessibility.ts';
import { untilFocused } from '../keyboard.ts';
import { faultsIn } from '../look.ts';
import { portalOf } from '../portal.ts';
import { type Stage, TEST_MS } from '../stage.ts';

type Shown = {
  url: string;
  tls: { clientCertificate: { subject: string } | null; authorities: object[] | null } | null;
};

/** Chooses a file as the button of a field does. */
async function choose(dialog: Locator, field: string, path: string): Promise<void> {
  const chooser = dialog.page().waitForEvent('filechooser');
  await dialog.getByRole('button', { name: `Choose a file: ${field}`, exact: true }).click();
  await (await chooser).setFiles(path);
}

export function endpointTlsTests(stage: Stage): void {
  const authority = createClientAuthority();
  const sender = authority.issue('sender', { days: 12 });
  const other = authority.issue('other', { days: 90 });
  let folder: string;
  let receiver: Receiver;
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'posthorn-pem-'));
    receiver = await startReceiver([200], {
      tls: { ...certificate('trusted'), requestCert: true, ca: authority.certificate },
    });
  });
  afterAll(async () => {
    await receiver?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const stored = (id: string): Promise<Shown> => stage.posthorn.call<Shown>('GET', `/v1/endpoints/${id}`);
  /** The name with which the next event of the endpoint arrives. */
  async function clientOf(type: string, consumer?: string): Promise<string | undefined> {
    const { id } = await stage.posthorn.post({ type, data: {}, ...(consumer && { consumer }) });
    await stage.posthorn.untilSettled(id);
    return receiver.requests.find(({ headers }) => headers['webhook-id'] === id)?.client;
  }

  test(
    'a client certificate and authorities are set, shown, replaced and removed, and each mistake stands at its field',
    async () => {
      const url = `https://127.0.0.1:${receiver.port}/tls`;
      const { id } = await stage.posthorn.newEndpoint(url, { events: ['tls.form'] });
      const page = await stage.open(`/endpoints/${id}/settings`);
      const dialog = page.getByRole('dialog');
      const edit = page.getByRole('button', { name: 'Edit' });
      const save = dialog.getByRole('button', { name: 'Save' });
      const unfold = dialog.getByText('TLS', { exact: true });
      const certificateField = dialog.getByLabel('Certificate', { exact: true });
      const keyField = dialog.getByLabel('Private key', { exact: true });

      await edit.click();
      await dialog.getByText('no client certificate, no authorities of its own').waitFor();
      // By keyboard: the field that comes has the focus.
      await dialog.locator('summary', { hasText: 'TLS' }).focus();
      await page.keyboard.press('Enter');
      await dialog.getByRole('button', { name: 'Set a client certificate' }).focus();
      await page.keyboard.press('Enter');
      await untilFocused(page, certificateField);
      await dialog.getByRole('button', { name: 'Set authorities' }).click();

      // What needs no call to be seen.
      await save.click();
      await dialog.getByText('Paste it, or choose a file.').nth(2).waitFor();
      await untilFocused(page, certificateField);
      await choose(dialog, 'Private key', file('key.der', '\u0000\u0001'));
      await dialog.getByText('The file key.der is not PEM text').waitFor();
      await choose(dialog, 'Private key', file('long.pem', '-'.repeat(32_769)));
      await dialog.getByText('The file long.pem is larger than 32 KiB.').waitFor();

      // What the API refuses.
      await certificateField.fill(sender.certificate);
      await choose(dialog, 'Private key', file('other.key', other.privateKey));
      await dialog.getByLabel('Certificates of the authorities', { exact: true }).fill(testAuthority());
      await save.click();
      await dialog.getByText('is not the key of the first certificate').waitFor();
      await untilFocused(page, keyField);
      expect(await faultsIn(page, 'endpoint tls form')).toEqual([]);
      const hides = (field: Locator): Promise<boolean> =>
        field.evaluate((element) => {
          const { defaultView } = element.ownerDocument;
          return defaultView?.getComputedStyle(element).getPropertyValue('-webkit-text-security') === 'disc';
        });
      expect([await hides(keyField), await hides(certificateField)]).toEqual([true, false]);

      // One file with both, as tools write it.
      await choose(dialog, 'Certificate', file('both.pem', `Bag\n${sender.privateKey}${sender.certificate}`));
      await save.click();
      await dialog.waitFor({ state: 'detached' });
      expect(await clientOf('tls.form')).toBe('sender');

      await page.getByRole('definition').getByText('CN=sender', { exact: true }).waitFor();
      await page.getByText(/^The client certificate expires in 12 d/).waitFor();
      await page.getByText('expires in 12 d', { exact: true }).waitFor();
      expect(await page.content()).not.toMatch(/BEGIN/);
      expect(await faultsIn(page, 'endpoint tls settings')).toEqual([]);

      // What is stored stays if only the other part is changed.
      await edit.click();
      await dialog.getByText('client certificate CN=sender, authorities of its own').waitFor();
      await unfold.click();
      await keepPicture(page, 'endpoint tls present', 'window');
      await dialog.getByRole('button', { name: 'Replace the client certificate' }).click();
      await untilFocused(page, certificateField);
      await dialog.getByRole('button', { name: 'Keep the client certificate as before' }).click();
      await untilFocused(page, dialog.getByRole('button', { name: 'Replace the client certificate' }));
      await dialog.getByRole('button', { name: 'Remove the authorities' }).click();
      await dialog.getByText('They are removed when you save.').waitFor();
      await untilFocused(page, dialog.getByRole('button', { name: 'Keep the authorities as before' }));
      await save.click();
      await dialog.waitFor({ state: 'detached' });
      expect((await stored(id)).tls).toMatchObject({
        clientCertificate: { subject: 'CN=sender' },
        authorities: null,
      });

      // Without TLS there is no certificate.
      await edit.click();
      await dialog.getByLabel('URL').fill(`http://127.0.0.1:${receiver.port}/tls`);
      await save.click();
      await dialog.getByText('TLS has settings below, which need a URL that begins with https://.').waitFor();
      await untilFocused(page, dialog.getByLabel('URL'));
      await unfold.click();
      await dialog.getByRole('button', { name: 'Remove the client certificate' }).click();
      await save.click();
      await dialog.waitFor({ state: 'detached' });
      expect(await stored(id)).toMatchObject({ url: `http://127.0.0.1:${receiver.port}/tls`, tls: null });
    },
    TEST_MS,
  );

  test(
    'customers set the client certificate of their endpoints in the portal',
    async () => {
      const portal = portalOf(stage);
      const consumer = 'mutual';
      const page = await portal.open({ consumer, path: 'endpoints/new' });
      await page.getByLabel('URL').fill(`https://127.0.0.1:${receiver.port}/portal`);
      await page.getByText('Client certificate and authorities').click();
      await page.getByRole('button', { name: 'Set a client certificate' }).click();
      await page.getByRole('button', { name: 'Set authorities' }).click();
      const add = page.getByRole('button', { name: 'Add the endpoint' });
      await add.click();
      await page.getByText('Paste it, or choose a file.').nth(2).waitFor();
      await page.getByLabel('Certificates of the authorities', { exact: true }).fill(testAuthority());
      await page.getByLabel('Certificate', { exact: true }).fill(sender.certificate);
      await page.getByLabel('Private key', { exact: true }).fill(other.privateKey);
      await add.click();
      await page.getByText('is not the key of the first certificate').waitFor();
      expect(await faultsIn(page, 'portal tls form')).toEqual([]);
      await page.getByLabel('Private key', { exact: true }).fill(sender.privateKey);
      await add.click();
      await page.getByRole('heading', { name: 'Endpoint added' }).waitFor();
      expect(await clientOf('tls.portal', consumer)).toBe('sender');

      await page.goto(portal.address('/endpoints'));
      await page.getByRole('link', { name: `127.0.0.1:${receiver.port}/portal` }).click();
      await page.getByText(/^The client certificate expires in 12 d/).waitFor();
      expect(await faultsIn(page, 'portal tls settings')).toEqual([]);
      await page.getByRole('button', { name: 'Edit' }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByRole('button', { name: 'Replace the client certificate' }).click();
      await dialog.getByLabel('Certificate', { exact: true }).fill(other.certificate + other.privateKey);
      await dialog.getByRole('button', { name: 'Save' }).click();
      await dialog.waitFor({ state: 'detached' });
      expect(await clientOf('tls.portal', consumer)).toBe('other');
    },
    TEST_MS,
  );
}
