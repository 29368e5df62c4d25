import { createHmac } from 'node:crypto';
import { compileProfile } from '../../src/profiles/compile-profile.ts';
import { type ProfileSource, profileSchema } from '../../src/profiles/profile.ts';
import { standardWebhooks } from '../../src/profiles/standard-webhooks.ts';

/** Wire formats of several kinds of provider, said as data alone. */
const sign = { algorithm: 'hmac-sha256', encoding: 'hex', severalSecrets: 'none', content: '$body' } as const;
const text: ProfileSource['secret'] = {
  key: 'utf8',
  prefix: '',
  generated: { bytes: 32, encoding: 'hex' },
  min: 1,
  max: 512,
  brought: 'optional',
  shownOnce: true,
};
const compile = (changes: Partial<ProfileSource>) =>
  compileProfile(
    profileSchema.parse({ ...standardWebhooks, createdAt: 'seconds', secret: text, ...changes }),
    1,
  );

const event = {
  id: 'evt_1',
  type: 'job.completed',
  createdAt: new Date('2026-04-06T10:01:23.456Z'),
  consumer: 'dev_1',
  attributes: { pause_id: 'psr_1' },
};
const sentAt = 1_775_469_683;
const secrets = ['newest secret é', 'older secret'];

function sent(changes: Partial<ProfileSource>, data: string) {
  const profile = compile(changes);
  const body = profile.composeBody({ ...event, data: Buffer.from(data) });
  if (!Buffer.isBuffer(body)) throw new Error(JSON.stringify(body));
  return { body: body.toString(), headers: profile.requestHeaders({ ...event, sentAt, body, secrets }) };
}
const hmac = (content: string, secret = secrets[0]!) =>
  createHmac('sha256', secret).update(content).digest('hex');

test('a bare hex signature over an envelope', () => {
  const { body, headers } = sent(
    {
      body: { event: '$type', timestamp: '$createdAt', data: '$data' },
      headers: { 'X-Bare-Signature': '$signature' },
      signature: { ...sign, format: '$hex' },
    },
    '{"big":12345678901234567890}',
  );
  expect(body).toBe(
    '{"event":"job.completed","timestamp":"2026-04-06T10:01:23Z","data":{"big":12345678901234567890}}',
  );
  expect(headers).toEqual({ 'content-type': 'application/json', 'X-Bare-Signature': hmac(body) });
});

test('a prefixed signature that verifies over the raw and over the re-serialised body', () => {
  const { body, headers } = sent(
    {
      body: { eventId: '$id', eventType: '$type', timestamp: '$createdAt', data: '$data' },
      dataBytes: 'reserialized',
      headers: { 'X-Signature': '$signature' },
      signature: { ...sign, format: 'sha256=$hex' },
    },
    '{"b": 1.0, "10": "\\u00e9\\/"}',
  );
  expect(body).toContain('"data":{"10":"é/","b":1}}');
  expect(headers['X-Signature']).toBe(`sha256=${hmac(body)}`);
  expect(headers['X-Signature']).toBe(`sha256=${hmac(JSON.stringify(JSON.parse(body)))}`);
});

test('a flat body with the id of the event in a header', () => {
  const { body, headers } = sent(
    {
      body: { jobId: '$id', '...': '$data', timestamp: '$createdAt' },
      createdAt: 'milliseconds',
      headers: { 'x-event-id': '$id', 'x-signature': '$signature' },
      signature: { ...sign, format: '$hex' },
    },
    '{"status":"completed","downloadUrl":"https://…","error":null}',
  );
  expect(body).toBe(
    '{"jobId":"evt_1","status":"completed","downloadUrl":"https://…","error":null,"timestamp":"2026-04-06T10:01:23.456Z"}',
  );
  expect(headers).toMatchObject({ 'x-event-id': 'evt_1', 'x-signature': hmac(body) });
});

test('the consumer and an attribute in the body, the type in a header', () => {
  const { body, headers } = sent(
    {
      body: {
        event: '$type',
        pause_id: '$attributes.pause_id',
        developer_id: '$consumer',
        timestamp: '$createdAt',
        data: '$data',
      },
      headers: { 'X-Signature': '$signature', 'X-Event': '$type' },
      signature: { ...sign, format: 'sha256=$hex' },
    },
    'null',
  );
  expect(body).toBe(
    '{"event":"job.completed","pause_id":"psr_1","developer_id":"dev_1","timestamp":"2026-04-06T10:01:23Z","data":null}',
  );
  expect(headers).toMatchObject({ 'X-Event': 'job.completed', 'X-Signature': `sha256=${hmac(body)}` });
});

test('the time of the attempt signed and shown in the signature header', () => {
  const { body, headers } = sent(
    {
      body: { event: '$type', timestamp: '$createdAt', data: '$data' },
      headers: { 'X-Signature': '$signature', 'X-Event': '$type' },
      signature: { ...sign, content: '$sentAt.$body', format: 't=$sentAt,v1=$hex' },
    },
    '{}',
  );
  expect(headers['X-Signature']).toBe(`t=${sentAt},v1=${hmac(`${sentAt}.${body}`)}`);
});
