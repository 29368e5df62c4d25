import type { Locator, Page } from 'playwright-core';
import { type Receiver, startReceiver } from '../../receivers/receiver.ts';
import { respondJson, startTokenServer, type TokenServer } from '../../receivers/token-server.ts';
import { keepPicture } from '../accessibility.ts';
import { untilFocused } from '../keyboard.ts';
import { faultsIn } from '../look.ts';
import { portalOf } from '../portal.ts';
import { type Stage, TEST_MS } from '../stage.ts';

const SECRET = 'secret of the client';

/** The fields of the form, within the page or its dialog. */
const fieldsOf = (within: Page | Locator) => ({
  set: within.getByRole('button', { name: 'Set client credentials' }),
  change: within.getByRole('button', { name: 'Change the client credentials' }),
  remove: within.getByRole('button', { name: 'Remove the client credentials' }),
  tokenUrl: within.getByLabel('Token URL', { exact: true }),
  clientId: within.getByLabel('Client id', { exact: true }),
  clientSecret: within.getByLabel('Client secret', { exact: true }),
  scopes: within.getByLabel('Scopes', { exact: true }),
  audience: within.getByLabel('Audience', { exact: true }),
  sent: within.getByLabel('Id and secret are sent', { exact: true }),
});

const basic = (id: string, secret: string): string =>
  `Basic ${Buffer.from(`${id}:${secret.replaceAll(' ', '+')}`).toString('base64')}`;

export function endpointOAuthTests(stage: Stage): void {
  let receiver: Receiver;
  let server: TokenServer;
  let other: TokenServer;
  beforeAll(async () => {
    [receiver, server, other] = await Promise.all([startReceiver(), startTokenServer(), startTokenServer()]);
  });
  afterAll(async () => {
    for (const one of [receiver, server, other]) await one?.close();
  });

  type Shown = { oauth: { clientId: string } | null };
  const stored = (id: string): Promise<Shown> => stage.posthorn.call('GET', `/v1/endpoints/${id}`);
  /** Posts an event, waits for its end, and returns it with the header that it arrived with. */
  async function deliver(type: string, consumer?: string) {
    const { id } = await stage.posthorn.post({ type, data: {}, ...(consumer && { consumer }) });
    const { deliveries } = await stage.posthorn.untilSettled(id);
    const request = receiver.requests.find(({ headers }) => headers['webhook-id'] === id);
    return { id, delivery: deliveries[0]!.id, authorization: request?.headers.authorization };
  }
  const requestOf = ({ requests }: TokenServer) => {
    const { headers, body } = requests.at(-1)!;
    return {
      authorization: headers.authorization,
      ...Object.fromEntries(new URLSearchParams(body.toString())),
    };
  };

  test(
    'client credentials are set, shown, changed and removed, and each mistake stands at its field',
    async () => {
      const { id } = await stage.posthorn.newEndpoint(`${receiver.url}oauth`, {
        events: ['oauth.form'],
        policy: { delays: [] },
      });
      const page = await stage.open(`/endpoints/${id}/settings`);
      const dialog = page.getByRole('dialog');
      const edit = page.getByRole('button', { name: 'Edit' });
      const save = dialog.getByRole('button', { name: 'Save' });
      const unfold = dialog.getByText('OAuth 2', { exact: true });
      const fields = fieldsOf(dialog);

      await edit.click();
      await dialog.getByText('no access tokens', { exact: true }).waitFor();
      // By keyboard: the field that comes has the focus.
      await dialog.locator('summary', { hasText: 'OAuth 2' }).focus();
      await page.keyboard.press('Enter');
      await fields.set.focus();
      await page.keyboard.press('Enter');
      await untilFocused(page, fields.tokenUrl);

      // What needs no call to be seen.
      await save.click();
      for (const text of ['the URL that grants tokens', 'the id of the client', 'the secret of the client'])
        await dialog.getByText(`Write ${text}.`).waitFor();
      await untilFocused(page, fields.tokenUrl);

      // What the API refuses.
      await fields.tokenUrl.fill(server.tokenUrl);
      await fields.clientId.fill('wébhooks');
      await fields.clientSecret.fill(SECRET);
      expect(await fields.clientSecret.getAttribute('type')).toBe('password');
      await fields.scopes.fill('events.write "all"');
      await save.click();
      await dialog.getByText('has characters other than visible ASCII').waitFor();
      await dialog.getByText('is not a scope').waitFor();
      await untilFocused(page, fields.clientId);
      expect(await faultsIn(page, 'endpoint oauth form')).toEqual([]);
      await fields.clientId.fill('webhooks');
      await fields.scopes.fill(' events.write  events.read ');
      await fields.tokenUrl.fill(server.tokenUrl.replace('//', '//name:word@'));
      await save.click();
      await dialog.getByText('the URL must not contain a user name or a password').waitFor();
      await untilFocused(page, fields.tokenUrl);

      await fields.tokenUrl.fill(server.tokenUrl);
      await save.click();
      await dialog.waitFor({ state: 'detached' });
      expect((await deliver('oauth.form')).authorization).toBe(`Bearer ${server.tokens.at(-1)}`);
      expect(requestOf(server)).toEqual({
        authorization: basic('webhooks', SECRET),
        grant_type: 'client_credentials',
        scope: 'events.write events.read',
      });

      await page.getByRole('definition').getByText('webhooks', { exact: true }).waitFor();
      await page.getByText('2 scopes: events.write events.read').waitFor();
      expect(await page.content()).not.toContain(SECRET);
      expect(await faultsIn(page, 'endpoint oauth settings')).toEqual([]);

      // Without another secret, the stored one is used.
      await edit.click();
      await dialog.getByText('tokens for the client webhooks').waitFor();
      await unfold.click();
      await keepPicture(page, 'endpoint oauth present', 'window');
      await fields.change.click();
      await untilFocused(page, fields.tokenUrl);
      expect([await fields.tokenUrl.inputValue(), await fields.clientSecret.inputValue()]).toEqual([
        server.tokenUrl,
        '',
      ]);
      await dialog.getByText('Empty: the stored one stays.').waitFor();
      await fields.scopes.fill('');
      await fields.audience.fill('https://hooks.example.com');
      await fields.sent.selectOption('body');
      await save.click();
      await dialog.waitFor({ state: 'detached' });
      await deliver('oauth.form');
      expect(requestOf(server)).toEqual({
        authorization: undefined,
        grant_type: 'client_credentials',
        audience: 'https://hooks.example.com',
        client_id: 'webhooks',
        client_secret: SECRET,
      });

      // No server gets the secret that another one was meant to get.
      await edit.click();
      await unfold.click();
      await fields.change.click();
      await fields.tokenUrl.fill(other.tokenUrl);
      await dialog.getByText('Write it again: the stored one was meant for another token URL.').waitFor();
      await save.click();
      await dialog.getByText('is required with another tokenUrl').waitFor();
      await untilFocused(page, fields.clientSecret);
      await fields.clientSecret.fill('another secret');
      await save.click();
      await dialog.waitFor({ state: 'detached' });
      expect((await deliver('oauth.form')).authorization).toBe(`Bearer ${other.tokens.at(-1)}`);
      expect(requestOf(other)).toMatchObject({ client_id: 'webhooks', client_secret: 'another secret' });

      // What was typed and is wrong in another part of the form.
      await edit.click();
      await dialog.getByText('Headers', { exact: true }).click();
      await dialog.getByRole('button', { name: 'Add a header' }).click();
      await dialog.getByLabel('Name of header 1').fill('Authorization');
      await dialog.getByLabel('Value of header 1').fill('Basic own');
      await save.click();
      await untilFocused(page, dialog.getByText('cannot be set together with a header Authorization'));
      await fields.remove.click();
      await dialog.getByText('They are removed when you save.').waitFor();
      await untilFocused(page, dialog.getByRole('button', { name: 'Keep the client credentials as before' }));
      await save.click();
      await dialog.waitFor({ state: 'detached' });
      expect((await stored(id)).oauth).toBeNull();
      expect((await deliver('oauth.form')).authorization).toBe('Basic own');
    },
    TEST_MS,
  );

  test(
    'an attempt without an access token says so in words, with what the token server said',
    async () => {
      server.respondWith(respondJson(401, { error: 'invalid_client', error_description: 'no such client' }));
      const consumer = 'tokenless';
      const oauth = { tokenUrl: server.tokenUrl, clientId: 'nobody', clientSecret: SECRET };
      await stage.posthorn.newEndpoint(`${receiver.url}tokenless`, {
        events: ['oauth.refused'],
        policy: { delays: [] },
        consumer,
        oauth,
      });
      const { id, delivery, authorization } = await deliver('oauth.refused', consumer);
      server.respondWith(null);
      expect(authorization).toBeUndefined();

      const page = await stage.open(`/events/${id}`);
      await page
        .getByRole('heading', { name: /^Attempt 1 of 1 · token server refused the client after/ })
        .waitFor();
      await page.getByText('(status 401, invalid_client: no such client)').waitFor();

      const portal = await portalOf(stage).open({ consumer, path: `deliveries/${delivery}` });
      await portal
        .getByText(
          'There was no access token for your server: token server refused the client (status 401, invalid_client: no such client).',
        )
        .first()
        .waitFor();
      await portal
        .getByText('Check the client credentials of the endpoint, and your token server.')
        .waitFor();
    },
    TEST_MS,
  );

  test(
    'customers set the client credentials of their endpoints in the portal',
    async () => {
      const portal = portalOf(stage);
      const consumer = 'credentialed';
      const page = await portal.open({ consumer, path: 'endpoints/new' });
      const fields = fieldsOf(page);
      await page.getByLabel('URL', { exact: true }).fill(`${receiver.url}portal`);
      await page.getByText('Access tokens (OAuth 2)').click();
      await fields.set.click();
      const add = page.getByRole('button', { name: 'Add the endpoint' });
      await add.click();
      await page.getByText('Write the secret of the client.').waitFor();
      await untilFocused(page, fields.tokenUrl);
      await fields.tokenUrl.fill(server.tokenUrl);
      await fields.clientId.fill('wébhooks');
      await fields.clientSecret.fill(SECRET);
      await add.click();
      await page.getByText('has characters other than visible ASCII').waitFor();
      await untilFocused(page, fields.clientId);
      expect(await faultsIn(page, 'portal oauth form')).toEqual([]);
      await fields.clientId.fill('customer');
      await add.click();
      await page.getByRole('heading', { name: 'Endpoint added' }).waitFor();
      expect((await deliver('oauth.portal', consumer)).authorization).toBe(`Bearer ${server.tokens.at(-1)}`);
      expect(requestOf(server).authorization).toBe(basic('customer', SECRET));

      await page.goto(portal.address('/endpoints'));
      await page.getByRole('link', { name: `127.0.0.1:${receiver.port}/portal` }).click();
      await page.getByRole('definition').getByText('customer', { exact: true }).waitFor();
      expect(await page.content()).not.toContain(SECRET);
      expect(await faultsIn(page, 'portal oauth settings')).toEqual([]);
      await page.getByRole('button', { name: 'Edit' }).click();
      const dialog = page.getByRole('dialog');
      const inDialog = fieldsOf(dialog);
      const save = dialog.getByRole('button', { name: 'Save' });
      await inDialog.change.click();
      await inDialog.tokenUrl.fill(other.tokenUrl);
      await save.click();
      await dialog.getByText('is required with another tokenUrl').waitFor();
      await untilFocused(page, inDialog.clientSecret);
      await inDialog.clientSecret.fill('of the customer');
      await save.click();
      await dialog.waitFor({ state: 'detached' });
      await deliver('oauth.portal', consumer);
      expect(requestOf(other).authorization).toBe(basic('customer', 'of the customer'));

      await page.getByRole('button', { name: 'Edit' }).click();
      await inDialog.remove.click();
      await save.click();
      await dialog.waitFor({ state: 'detached' });
      expect((await deliver('oauth.portal', consumer)).authorization).toBeUndefined();
    },
    TEST_MS,
  );
}
