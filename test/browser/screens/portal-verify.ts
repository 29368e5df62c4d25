import { createHmac } from 'node:crypto';
import { faultsIn } from '../look.ts';
import { portalOf } from '../portal.ts';
import { HOSTILE, type Stage, TEST_MS } from '../stage.ts';

/** Secrets and signatures in the portal. */
export function portalVerifyTests(stage: Stage): void {
  const portal = portalOf(stage);

  test(
    'the checker says which part does not fit, and sends nothing',
    async () => {
      const page = await portal.open({ consumer: 'checks', path: 'verify' });
      const sent: string[] = [];
      page.on('request', (request) => sent.push(`${request.url()} ${request.postData()}`));
      await page
        .getByLabel('Headers')
        .fill('webhook-id: evt_1\nwebhook-timestamp: 1\nwebhook-signature: v1,AAAA');
      await page.getByLabel('Body').fill('{"private":"datum"}');
      await page.getByLabel('Secret').fill('whsec_private');
      await page.getByRole('button', { name: 'Check it' }).click();
      await page.getByText('The signature could not be checked.').waitFor();
      await page.getByText('it may have been cut').waitFor();
      expect(sent.filter((text) => /private|datum|AAAA/.test(text))).toEqual([]);
    },
    TEST_MS,
  );

  test(
    'the checker tells what it found from what is only likely',
    async () => {
      const page = await portal.open({ consumer: 'checks', path: 'verify' });
      const key = Buffer.alloc(32, 7);
      const sentAt = Math.floor(Date.now() / 1_000);
      const signature = createHmac('sha256', key).update(`evt_1.${sentAt}.{"a":1.0}`).digest('base64');
      const check = async (body: string): Promise<void> => {
        await page.getByLabel('Body').fill(body);
        await page.getByRole('button', { name: 'Check it' }).click();
      };
      await page
        .getByLabel('Headers')
        .fill(`webhook-id: evt_1\nwebhook-timestamp: ${sentAt}\nwebhook-signature: v1,${signature}`);
      await page.getByLabel('Secret').fill(`whsec_${key.toString('base64')}`);
      const result = page.getByRole('region', { name: 'Result' });

      await check('{"a":1.0}');
      await result.getByRole('heading', { name: 'The signature is right.' }).waitFor();
      expect(await result.getByText('ikely').count()).toBe(0);

      await check('{\n  "a": 1.0\n}');
      await result.getByRole('heading', { name: 'but for another body' }).waitFor();
      await result.getByText('It fits without spaces and line breaks between its parts.').waitFor();
      await result.getByRole('heading', { name: 'The likely reason, not confirmed' }).waitFor();

      await check('{"a":1}');
      await result.getByRole('heading', { name: 'The signature does not fit.' }).waitFor();
      await result.getByText('none of the bodies that were tried').waitFor();
      await result.getByRole('heading', { name: 'Likely reasons, not confirmed' }).waitFor();
      await result.getByText('which nobody can undo').waitFor();
    },
    TEST_MS,
  );

  test(
    'a request that a server refused is checked with the secret that the server uses',
    async () => {
      const receiver = await stage.receiverThat(401);
      const { secret } = await stage.posthorn.newEndpoint(receiver.url, {
        consumer: 'refused',
        policy: { delays: [] },
      });
      const { id } = await stage.posthorn.post({
        type: 'refused.one',
        consumer: 'refused',
        data: { note: HOSTILE },
      });
      const { deliveries } = await stage.posthorn.untilSettled(id);
      const page = await portal.open({ consumer: 'refused', path: `deliveries/${deliveries[0]!.id}` });
      await page.getByRole('link', { name: 'Check this request with your secret' }).click();
      await page.getByText('This is attempt 1 of refused.one, as it was sent.').waitFor();
      const check = async (text: string): Promise<void> => {
        await page.getByLabel('Secret').fill(text);
        await page.getByRole('button', { name: 'Check it' }).click();
      };
      await check(`whsec_${Buffer.alloc(32, 7).toString('base64')}`);
      await page.getByRole('heading', { name: 'The signature does not fit.' }).waitFor();
      expect(await faultsIn(page, 'portal checker')).toEqual([]);
      await check(secret);
      await page.getByRole('heading', { name: 'The signature is right.' }).waitFor();
    },
    TEST_MS,
  );

  test(
    'the form of a secret of the own is said, and checked before it is sent',
    async () => {
      const page = await portal.open({ consumer: 'secrets', path: 'endpoints/new' });
      const sent: string[] = [];
      page.on('request', (request) => {
        if (request.method() === 'POST') sent.push(request.url());
      });
      await page.getByText('Your own has 24 to 64 bytes in base64, after whsec_').waitFor();
      await page.getByText('openssl rand -base64 32').waitFor();
      await page.getByLabel('URL').fill('https://example.com/hooks');
      const add = async (secret: string): Promise<void> => {
        await page.getByLabel('Secret', { exact: true }).fill(secret);
        await page.getByRole('button', { name: 'Add the endpoint' }).click();
      };
      await add('a'.repeat(40));
      await page.getByText('It must begin with whsec_.').waitFor();
      // 24 characters, and 18 bytes.
      await add(`whsec_${Buffer.alloc(18, 1).toString('base64')}`);
      await page.getByText('It is too short: it must have 24 to 64 bytes in base64').waitFor();
      await add('whsec_no base64 at all, but long enough');
      await page.getByText('This is not base64 with its padding').waitFor();
      expect(sent).toEqual([]);
      await add(`whsec_${Buffer.alloc(24, 1).toString('base64')}`);
      await page.getByRole('heading', { name: 'Endpoint added' }).waitFor();

      await page.getByRole('link', { name: 'Open the endpoint' }).click();
      await page.getByRole('button', { name: 'Rotate the secret' }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByText('Your own has 24 to 64 bytes in base64').waitFor();
      await dialog.getByLabel('New secret').fill('whsec_AAAA');
      await dialog.getByRole('button', { name: 'Rotate it' }).click();
      await dialog.getByText('It is too short').waitFor();
      expect(sent.filter((url) => url.includes('rotate'))).toEqual([]);
    },
    TEST_MS,
  );
}
