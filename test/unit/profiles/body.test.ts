import fc from 'fast-check';
import { compileProfile } from '../../../src/profiles/compile-profile.ts';
import type { ProfileSource } from '../../../src/profiles/profile.ts';
import { profileSchema } from '../../../src/profiles/profile-schema.ts';
import { standardWebhooks } from '../../../src/profiles/shipped/standard-webhooks.ts';
import { jsonText } from '../../providers/json-text.ts';

const event = {
  id: 'evt_1',
  type: 'render.completed',
  createdAt: new Date('2026-03-26T14:30:00.987Z'),
  consumer: null as string | null,
  attributes: {} as Record<string, string>,
};

const compile = (changes: Partial<ProfileSource>) =>
  compileProfile(profileSchema.parse({ ...standardWebhooks, ...changes }), 1);

function composed(changes: Partial<ProfileSource>, data: string | Buffer, names: Partial<typeof event> = {}) {
  const body = compile(changes).composeBody({ ...event, ...names, data: Buffer.from(data) });
  return Buffer.isBuffer(body) ? body.toString('utf8') : body;
}

const flat = { body: { jobId: '$id', '...': '$data', timestamp: '$createdAt' } } as const;
const reserialized = { dataBytes: 'reserialized' } as const;

test('$sequence is a number as a whole value, and digits within a text', () => {
  const numbered = compile({ body: { n: '$sequence', key: 'order-$sequence' } });
  const compose = (sequence?: number) =>
    String(numbered.composeBody({ ...event, sequence, data: Buffer.from('{}') }));
  expect(compose(1_207)).toBe('{"n":1207,"key":"order-1207"}');
  // Before the event has a number, the body is as long as it can become.
  expect(compose().length).toBe(compose(Number.MAX_SAFE_INTEGER).length);
});

test.each<[Partial<ProfileSource>, boolean]>([
  [{}, false],
  [{ body: { n: '$sequence' } }, true],
  [{ body: { key: 'order-$sequence' } }, true],
  [{ headers: { ...standardWebhooks.headers, 'x-sequence': '$sequence' } }, true],
])('whether %j uses the sequence is %s', (changes, uses) => {
  expect(compile(changes).usesSequence).toBe(uses);
});

test('members have the order of the profile, and timestamps have its precision', () => {
  expect(composed({}, '{}')).toBe(
    '{"type":"render.completed","timestamp":"2026-03-26T14:30:00.987Z","data":{}}',
  );
  const body = {
    event: '$type',
    version: 2,
    beta: false,
    note: null,
    timestamp: '$createdAt',
    data: '$data',
  };
  expect(composed({ body, timestampPrecision: 'seconds' }, '[1]')).toBe(
    '{"event":"render.completed","version":2,"beta":false,"note":null,"timestamp":"2026-03-26T14:30:00Z","data":[1]}',
  );
});

test('$test is true in a test event and false in any other', () => {
  const body = { test: '$test', data: '$data' };
  expect(composed({ body }, '{}')).toBe('{"test":false,"data":{}}');
  const marked = compile({ body }).composeBody({ ...event, data: Buffer.from('{}'), test: true });
  expect(String(marked)).toBe('{"test":true,"data":{}}');
});

test.each([
  '12345678901234567890',
  ' { "b" : 1.0 , "a" : 1.0 ,\n"a" : "\\u00e9\\/" } ',
  '{"10":1,"9":2,"__proto__":3}',
  '"\u2028 \u{1f4ef}"',
  '"\\ud800"',
  '1e400',
])('verbatim data reaches the body byte for byte: %j', (data) => {
  expect(composed({}, data)).toContain(`"data":${data}}`);
});

test('a spread inserts the members of the data byte for byte, and an empty object leaves no comma', () => {
  expect(composed(flat, ' { "status" : "failed", "n":1.0 } ')).toBe(
    '{"jobId":"evt_1", "status" : "failed", "n":1.0 ,"timestamp":"2026-03-26T14:30:00.987Z"}',
  );
  expect(composed(flat, '{ \n }')).toBe('{"jobId":"evt_1","timestamp":"2026-03-26T14:30:00.987Z"}');
  expect(composed({ body: { '...': '$data' } }, '{}')).toBe('{}');
});

test.each([
  ['{"jobId":1}', '/data/jobId'],
  ['{"\\u006aobId":1}', '/data/jobId'],
  ['[1]', '/data'],
  ['null', '/data'],
  ['"{}"', '/data'],
])('a spread of %s is refused with a pointer to %s', (data, pointer) => {
  expect(composed(flat, data)).toEqual({ errors: [{ pointer, detail: expect.any(String) }] });
});

test('the pointer to a refused member of a spread is escaped', () => {
  expect(composed({ body: { 'a/b~c': '$id', '...': '$data' } }, '{"a/b~c":1}')).toMatchObject({
    errors: [{ pointer: '/data/a~1b~0c' }],
  });
});

test('an event that lacks what the body or a header contains is refused with a pointer to each', () => {
  const changes = {
    body: { pause_id: '$attributes.pause_id', developer_id: '$consumer', data: '$data' },
    headers: { 'X-Region': '$attributes.region', 'X-Signature': '$signature' },
  };
  expect(composed(changes, '{}')).toMatchObject({
    errors: [
      { pointer: '/consumer' },
      { pointer: '/attributes/pause_id' },
      { pointer: '/attributes/region' },
    ],
  });
  const names = { consumer: 'dev_1', attributes: { pause_id: '"quoted"\n', region: 'eu' } };
  expect(composed(changes, '{}', names)).toBe(
    '{"pause_id":"\\"quoted\\"\\n","developer_id":"dev_1","data":{}}',
  );
});

test.each(['a\nb', 'é', ' a', 'a '])(
  'the attribute %j, which a header cannot carry, is refused at ingest',
  (region) => {
    const headers = { 'X-Region': '$attributes.region', 'X-Signature': '$signature' };
    expect(composed({ headers }, '{}', { attributes: { region } })).toMatchObject({
      errors: [{ pointer: '/attributes/region' }],
    });
  },
);

test.each([
  ['{"n":12345678901234567890}', '/data/n'],
  ['[0,{"a/b":1e400}]', '/data/1/a~1b'],
  ['0.1000000000000000055', '/data'],
  ['-1e-400', '/data'],
  ['{"a":[[9007199254740993]]}', '/data/a/0/0'],
  ['{"a":1,"b":{"c":1,"\\u0063":1}}', '/data/b/c'],
])('re-serialized data whose value would change is refused: %s', (data, pointer) => {
  expect(composed(reserialized, data)).toEqual({ errors: [{ pointer, detail: expect.any(String) }] });
});

test.each([
  ['1.0', '1'],
  ['-0', '0'],
  ['0e99999999999999999999', '0'],
  ['1E5', '100000'],
  ['1e21', '1e+21'],
  ['0.10', '0.1'],
  ['100e-2', '1'],
  ['5e-324', '5e-324'],
  ['9007199254740992', '9007199254740992'],
  ['[ true , null, "1e400\\"" ]', '[true,null,"1e400\\""]'],
  ['{"b":1,"10":2,"9":{}}', '{"9":{},"10":2,"b":1}'],
  ['"\\u00e9\\/\\ud800"', '"é/\\ud800"'],
])('re-serialized data %s is sent as %s', (data, sent) => {
  expect(composed(reserialized, data)).toContain(`"data":${sent}}`);
});

test('data with thousands of invalid numbers is refused with the first 20 of them', () => {
  const data = `[${Array(5000).fill('1e400').join()}]`;
  expect(composed(reserialized, data)).toMatchObject({ errors: { length: 20 } });
});

test('parsing and stringifying a re-serialized body gives the same bytes and the same value', () => {
  let accepted = 0;
  fc.assert(
    fc.property(jsonText, (data) => {
      const body = composed(reserialized, data);
      if (typeof body !== 'string') return;
      accepted++;
      expect(JSON.stringify(JSON.parse(body))).toBe(body);
      expect(JSON.stringify(JSON.parse(body).data)).toBe(JSON.stringify(JSON.parse(data)));
    }),
    { numRuns: 2000 },
  );
  expect(accepted).toBeGreaterThan(500);
});

test('verbatim data of any form is in the body byte for byte', () => {
  fc.assert(
    fc.property(jsonText, (data) => {
      expect(composed({}, data)).toContain(`"data":${data}}`);
    }),
  );
});

test('an event that would render more than 64 Ki characters in the body, or 8 Ki in the headers, is refused', () => {
  const names = (length: number) => ({ attributes: { x: 'y'.repeat(length) } });
  const pointer = { pointer: '/attributes' };
  const inBody = { body: { a: '$attributes.x$attributes.x', data: '$data' } };
  expect(composed(inBody, '1', names(32_768))).toContain('"data":1');
  expect(composed(inBody, '1', names(32_769))).toMatchObject({ errors: [pointer] });
  const inHeaders = { headers: { 'x-a': '$attributes.x', 'x-signature': '$signature' } };
  expect(composed(inHeaders, '1', names(7_000))).toContain('"data":1');
  expect(composed(inHeaders, '1', names(8_000))).toMatchObject({ errors: [pointer] });
});

test('data that the body contains unchanged is returned as a part of its memory, and other data as it was given', () => {
  const place = (changes: Partial<ProfileSource>, text: string) => {
    const given = Buffer.from(text);
    const composed = compile(changes).compose({ ...event, type: 'é', data: given });
    if ('errors' in composed) throw new Error(JSON.stringify(composed));
    expect(composed.data).toEqual(given);
    return composed.data === given ? 'given' : composed.data.byteOffset - composed.body.byteOffset;
  };
  const bytesBefore = Buffer.byteLength('{"type":"é","timestamp":"2026-03-26T14:30:00.987Z","data":');

  expect(place({}, '{"a": 1.0}')).toBe(bytesBefore);
  expect(place(reserialized, '{"a":1}')).toBe(bytesBefore);
  expect(place(reserialized, '{"a": 1}')).toBe('given');
  expect(place(flat, '{"a":1}')).toBe('given');
});
