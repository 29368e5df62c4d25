import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import { PosthornClient, verifyWebhook } from '../src/index.ts';
import { hmac } from '../src/verify/hmac.ts';

const payload = '{"eventId":"evt_abc123"}';
const secret = 'a secret';
const hex = createHmac('sha256', secret).update(payload).digest('hex');
const client = new PosthornClient({ url: 'http://127.0.0.1:1', apiKey: 'none', profile: 'canvelete' });

test('a webhook is verified synchronously, with the profile of the client', () => {
  assert.equal(client.webhooks.verify({ payload, signature: `sha256=${hex}`, secret }), true);
  assert.equal(client.webhooks.verify({ payload: `${payload} `, signature: `sha256=${hex}`, secret }), false);
});

test('a call may use another profile than the client', () => {
  assert.equal(client.webhooks.verify({ payload, signature: hex, secret, profile: 'cmdcal' }), true);
});

test('a parsed body is refused with a hint to the raw body', () => {
  const parsed = JSON.parse(payload);
  assert.throws(
    () => client.webhooks.verify({ payload: parsed, signature: hex, secret }),
    /pass the raw body/,
  );
});

test('headers of Fetch and of Node.js are accepted, in any case', () => {
  const signature = `sha256=${hex}`;
  const all = { profile: 'canvelete', payload, secret } as const;
  assert.equal(verifyWebhook({ ...all, headers: new Headers({ 'X-Canvelete-Signature': signature }) }), true);
  assert.equal(verifyWebhook({ ...all, headers: { 'x-canvelete-signature': signature } }), true);
  assert.equal(verifyWebhook({ ...all, headers: { 'X-CANVELETE-SIGNATURE': [signature] } }), true);
  assert.equal(verifyWebhook({ ...all, headers: {} }), false);
});

test('the payload may be an ArrayBuffer, which request.arrayBuffer() returns', () => {
  const { buffer } = new TextEncoder().encode(payload);
  assert.equal(client.webhooks.verify({ payload: buffer, signature: `sha256=${hex}`, secret }), true);
});

for (const [algorithm, hash] of [
  ['hmac-sha256', 'SHA-256'],
  ['hmac-sha512', 'SHA-512'],
] as const) {
  test(`${algorithm} equals Web Crypto's, for keys and messages around every block boundary`, async () => {
    const bytes = crypto.getRandomValues(new Uint8Array(300));
    for (let length = 0; length <= 300; length++) {
      const [key, message] = [bytes.subarray(0, Math.max(1, length % 150)), bytes.subarray(300 - length)];
      const imported = await crypto.subtle.importKey('raw', key, { name: 'HMAC', hash }, false, ['sign']);
      const expected = new Uint8Array(await crypto.subtle.sign('HMAC', imported, message));
      assert.deepEqual(hmac(algorithm, key, message), expected, `${length} bytes`);
    }
  });
}
