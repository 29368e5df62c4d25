import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import { compileSigner } from '../../../src/signing/sign.ts';
import type { SignatureScheme } from '../../../src/signing/signature-scheme.ts';

const standard: SignatureScheme = {
  algorithm: 'hmac-sha256',
  content: '$id.$sentAt.$body',
  encoding: 'base64',
  format: 'v1,$base64',
  whileRotating: 'all',
};
const hexOfBody: SignatureScheme = {
  algorithm: 'hmac-sha256',
  content: '$body',
  encoding: 'hex',
  format: '$hex',
  whileRotating: 'newest',
};
const whsec = { key: 'base64AfterPrefix', prefix: 'whsec_' } as const;
const utf8 = { key: 'utf8' } as const;

const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const message = {
  id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
  sentAt: 1614265330,
  body: Buffer.from('{"test": 2432232314}'),
};
const signature = 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=';

test('the published test vector of Standard Webhooks has the published signature', () => {
  expect(compileSigner(standard, whsec)(message, [secret])).toBe(signature);
});

test('the published test vector of the hex scheme has the published signature', () => {
  const body = Buffer.from('Hello, World!');
  expect(compileSigner(hexOfBody, utf8)({ ...message, body }, ["It's a Secret to Everybody"])).toBe(
    '757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17',
  );
});

test('an independent library computes the same signature for any body and secret', () => {
  const sign = compileSigner(standard, whsec);
  const bodies = fc.string({ unit: 'binary' }).filter((text) => text.isWellFormed());
  fc.assert(
    fc.property(bodies, fc.uint8Array({ minLength: 24, maxLength: 64 }), (body, key) => {
      const text = `whsec_${Buffer.from(key).toString('base64')}`;
      const oracle = new Webhook(text).sign(message.id, new Date(message.sentAt * 1000), body);
      expect(sign({ ...message, body: Buffer.from(body) }, [text])).toBe(oracle);
    }),
    { numRuns: 500 },
  );
});

test('the signature covers bytes, not text, so a body that is not UTF-8 can be signed', () => {
  const body = Buffer.from([0x7b, 0xff, 0xfe, 0x00, 0x7d]);
  const expected = createHmac('sha256', 'key').update(body).digest('hex');
  expect(compileSigner(hexOfBody, utf8)({ ...message, body }, ['key'])).toBe(expected);
});

test('with whileRotating all, each secret signs, newest first', () => {
  const other = `whsec_${Buffer.alloc(24, 7).toString('base64')}`;
  const both = compileSigner(standard, whsec)(message, [other, secret]);
  expect(both.split(' ')).toEqual([compileSigner(standard, whsec)(message, [other]), signature]);
});

test('with whileRotating newest, only the newest secret signs', () => {
  const sign = compileSigner(hexOfBody, utf8);
  expect(sign(message, ['new', 'old'])).toBe(sign(message, ['new']));
});

test('a scheme with the time in its signature header signs that time', () => {
  const scheme: SignatureScheme = {
    ...hexOfBody,
    content: '$sentAt.$body',
    format: 't=$sentAt,v1=$hex',
  };
  const expected = createHmac('sha256', 'key').update('1614265330.{"test": 2432232314}').digest('hex');
  expect(compileSigner(scheme, utf8)(message, ['key'])).toBe(`t=1614265330,v1=${expected}`);
});

test('a scheme can use SHA-512', () => {
  const expected = createHmac('sha512', 'key').update(message.body).digest('hex');
  expect(compileSigner({ ...hexOfBody, algorithm: 'hmac-sha512' }, utf8)(message, ['key'])).toBe(expected);
});

test('signing without a secret throws', () => {
  expect(() => compileSigner(standard, whsec)(message, [])).toThrow('at least one secret');
});

test.each(['plain text', 'whsec_', 'whsec_!!', 'WHSEC_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'])(
  'the secret %j of another profile signs nothing, because its key could be empty',
  (other) => {
    expect(() => compileSigner(standard, whsec)(message, [other])).toThrow('does not have the key encoding');
  },
);

test('the key of a secret depends on the key encoding, whichever was used first', () => {
  const asText = compileSigner(hexOfBody, utf8);
  const expected = createHmac('sha256', secret).update(message.body).digest('hex');

  expect(compileSigner(standard, whsec)(message, [secret])).toBe(signature);
  expect(asText(message, [secret])).toBe(expected);
  expect(() =>
    compileSigner(standard, { key: 'base64AfterPrefix', prefix: 'other_' })(message, [secret]),
  ).toThrow('does not have the key encoding');
  expect(compileSigner(standard, whsec)(message, [secret])).toBe(signature);
});
