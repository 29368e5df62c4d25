import fc from 'fast-check';
import type { ProfileSource } from '../../src/profiles/profile.ts';

const storableText = fc.string({ unit: 'binary', maxLength: 20 }).filter((text) => !text.includes('\u0000'));
const printable = fc.stringMatching(/^[!-~]([ -~]{0,10}[!-~])?$/);
const name = fc.stringMatching(/^[.]{0,2}[A-Za-z0-9_-][A-Za-z0-9._-]{0,40}$/);
const memberName = fc.stringMatching(/^[a-z]{1,8}$/);

/** The fields of an event without its id and time. */
export const event = fc.record({
  type: name,
  consumer: name,
  attributes: fc.record({ body: storableText, header: printable }),
  data: fc.oneof(
    fc.json(),
    fc
      .dictionary(fc.stringMatching(/^data_[a-z]{1,4}$/), fc.jsonValue())
      .map((value) => JSON.stringify(value)),
    fc.constantFrom('{"big":12345678901234567890}', '1.0', '{"data_a":1,"data_a":2}', ' [ "\\u00e9\\/" ] '),
  ),
});

const variable = fc.constantFrom('$id', '$type', '$createdAt', '$consumer', '$attributes.body', '$$', ' - ');
const template = fc.array(variable, { minLength: 1, maxLength: 3 }).map((parts) => parts.join(''));
const member = fc.oneof(
  template,
  storableText.map((text) => text.replaceAll('$', '$$$$')),
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
);

/** A custom profile that receivers can verify: signed ids and times are in a header or in the signature format. */
export const customProfile = fc
  .record({
    members: fc.uniqueArray(fc.tuple(memberName, member), { maxLength: 4, selector: ([name]) => name }),
    data: fc.constantFrom<[string, string]>(['data', '$data'], ['...', '$data'], ['test', '$test']),
    dataBytes: fc.constantFrom('verbatim' as const, 'reserialized' as const),
    timestampPrecision: fc.constantFrom('seconds' as const, 'milliseconds' as const),
    algorithm: fc.constantFrom('hmac-sha256' as const, 'hmac-sha512' as const),
    content: fc.constantFrom('$body' as const, '$sentAt.$body' as const, '$id.$sentAt.$body' as const),
    encoding: fc.constantFrom('hex' as const, 'base64' as const),
    formatPrefix: fc.constantFrom('', 'sha256=', 't=$sentAt,v1=', 'v1,', 'A+(*)'),
    key: fc.constantFrom('utf8' as const, 'base64AfterPrefix' as const),
    prefix: fc.stringMatching(/^[A-Za-z0-9_-]{0,8}$/),
    bytes: fc.integer({ min: 16, max: 64 }),
  })
  .map(({ members, data, formatPrefix, key, ...given }): ProfileSource => {
    const { dataBytes, timestampPrecision, algorithm, content, encoding, prefix, bytes } = given;
    return {
      name: 'own',
      title: 'Own',
      body: { ...Object.fromEntries(members), [data[0]]: data[1] },
      dataBytes,
      timestampPrecision,
      headers: {
        'X-Id': '$id',
        'X-Sent-At': '$sentAt',
        'X-About': '$type of $consumer: $attributes.header',
        'X-Signature': '$signature',
      },
      signature: {
        algorithm,
        content,
        encoding,
        format: `${formatPrefix}$${encoding}`,
        whileRotating: 'newest',
      },
      secret: {
        key,
        prefix,
        generated: { bytes, encoding: 'base64' },
        min: 1,
        max: 512,
        source: 'either',
        returned: 'once',
      },
      timeout: '15s',
      policy: { delays: [], jitter: 0 },
      urls: { httpsOnly: false, publicOnly: true },
      labels: { undeliverable: 'dropped' },
    };
  });
