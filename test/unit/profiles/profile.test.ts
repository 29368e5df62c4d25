import { readFileSync } from 'node:fs';
import { Webhook } from 'standardwebhooks';
import { compileProfile } from '../../../src/profiles/compile-profile.ts';
import { profileSchema } from '../../../src/profiles/profile-schema.ts';
import { createShippedProfiles } from '../../../src/profiles/shipped/registry.ts';
import { standardWebhooks } from '../../../src/profiles/shipped/standard-webhooks.ts';

const profile = createShippedProfiles().get('standard-webhooks')!;
const event = {
  id: 'evt_1',
  type: 'render.completed',
  createdAt: new Date('2026-03-26T14:30:00.000Z'),
  consumer: null,
  attributes: {},
};

const example = (data: object) => ({ name: 'a.b', description: 'An event', example: data });

const tooMany = Object.fromEntries(Array.from({ length: 65 }, (_, n) => [`a${n}`, '']));

const issuesOf = (changes: object) =>
  profileSchema
    .safeParse({ ...standardWebhooks, ...changes })
    .error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) ?? [];

test('the registry returns a version by its number, and by default the newest', () => {
  const profiles = createShippedProfiles();
  expect(profiles.names()).toEqual([
    'standard-webhooks',
    'cmdcal',
    'canvelete',
    'pdf-gorilla',
    'pausepoint',
    'smartlyq',
  ]);
  expect(profiles.get('standard-webhooks', 1)?.version).toBe(1);
  expect(profiles.get('standard-webhooks')?.version).toBe(1);
  expect(profiles.get('standard-webhooks', 2)).toBeUndefined();
  expect(profiles.get('standard-webhooks', 0)).toBeUndefined();
  expect(profiles.get('constructor')).toBeUndefined();
});

test('standard-webhooks retries after 1 m, 5 m, 30 m and 2 h without jitter, and times out after 15 s', () => {
  expect(profile.policy).toEqual({ delays: [60, 300, 1800, 7200], timeout: 15, jitter: 0 });
});

test('an independent library verifies the headers of an attempt, also during a rotation', () => {
  const [newer, older] = [profile.generateSecret(), profile.generateSecret()];
  const body = Buffer.from('{"type":"render.completed"}');
  const sentAt = Math.floor(Date.now() / 1000);
  const headers = profile.requestHeaders({ ...event, sentAt, body, secrets: [newer, older] });

  expect(Object.keys(headers)).toEqual(profile.reservedHeaderNames);
  expect(headers).toMatchObject({
    'content-type': 'application/json',
    'webhook-id': 'evt_1',
    'webhook-timestamp': `${sentAt}`,
  });
  for (const secret of [newer, older]) {
    expect(new Webhook(secret).verify(body, headers)).toEqual({ type: 'render.completed' });
  }
  expect(() => new Webhook(profile.generateSecret()).verify(body, headers)).toThrow('No matching signature');
});

test('a header with $createdAt has the time of the event in the precision of the profile', () => {
  const dated = compileProfile(
    {
      ...standardWebhooks,
      eventTypes: [],
      timestampPrecision: 'seconds',
      headers: { 'x-created': 'at $createdAt' },
    },
    1,
  );
  const secrets = [profile.generateSecret()];

  const headers = dated.requestHeaders({ ...event, sentAt: 1_614_265_330, body: Buffer.from('{}'), secrets });

  expect(headers['x-created']).toBe('at 2026-03-26T14:30:00Z');
});

test('a generated secret passes the check of provided secrets', () => {
  expect(profile.generateSecret()).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
  expect(profile.secretProblem(profile.generateSecret())).toBeUndefined();
});

test.each([
  [Buffer.alloc(32).toString('base64'), 'does not begin with whsec_'],
  [`whsec_${Buffer.alloc(23).toString('base64')}`, 'shorter than 24 bytes'],
  [`whsec_${Buffer.alloc(65).toString('base64')}`, 'longer than 64 bytes'],
  [`whsec_${Buffer.alloc(32).toString('base64').slice(0, -1)}`, 'not padded base64'],
  [`whsec_${'!'.repeat(32)}`, 'not padded base64'],
  ['whsec_', 'shorter than'],
])('the secret %s is refused because it %s', (secret, why) => {
  expect(profile.secretProblem(secret)).toContain(why);
});

test('a secret with a utf8 key is measured in characters and must be valid Unicode', () => {
  const secret = { ...standardWebhooks.secret, key: 'utf8', prefix: '', min: 16, max: 512 } as const;
  const { secretProblem } = compileProfile(profileSchema.parse({ ...standardWebhooks, secret }), 1);
  expect(secretProblem('é'.repeat(16))).toBeUndefined();
  expect(secretProblem('📯'.repeat(15))).toBe('is shorter than 16 characters');
  expect(secretProblem('x'.repeat(513))).toBe('is longer than 512 characters');
  expect(secretProblem(`${'x'.repeat(16)}\ud800`)).toBe('is not valid Unicode');
});

test.each([
  [{ body: { id: '$ident' } }, /^body\.id: must not contain \$ident;/],
  [{ body: { data: 'x $data' } }, /^body\.data: must not contain \$data;/],
  [{ body: { at: '$sentAt' } }, /^body\.at: must not contain \$sentAt;/],
  [{ body: { a: '$data', b: '$data' } }, /^body: must not contain \$data more than once/],
  [{ body: { '...': '$id' } }, /^body: "\.\.\." must have the value/],
  [{ body: { '1': '$id' } }, /^body: must not have a member whose name consists of digits/],
  [{ headers: { 'x-id': '$id' } }, /^headers: must have a header with \$signature/],
  [{ headers: { Host: '$signature' } }, /^headers\.Host: must not be set: the HTTP client sets/],
  [{ headers: { 'a b': '$signature' } }, /^headers\.a b: must be a header name/],
  [{ headers: { 'X-A': '$signature', 'x-a': '1' } }, /^headers\.x-a: must not be named twice/],
  [{ headers: { 'x-a': '$signature', 'x-b': 'a\r\nb' } }, /^headers\.x-b: /],
  [{ headers: { 'x-a': '$signature $body' } }, /^headers\.x-a: must not contain \$body;/],
  [{ timeout: '61s' }, /^timeout: must be a duration/],
  [{ policy: { delays: ['31d'], jitter: 0 } }, /^policy\.delays\.0: must be a duration/],
  [{ policy: { delays: Array(21).fill('1m'), jitter: 0 } }, /^policy\.delays: /],
  [{ signature: { ...standardWebhooks.signature, format: 'v1,$hex' } }, /^signature\.format: must contain/],
  [
    { signature: { ...standardWebhooks.signature, format: '$base64$base64' } },
    /^signature\.format: must contain/,
  ],
  [{ secret: { ...standardWebhooks.secret, min: 65 } }, /^secret\.max: must not be less than min/],
  [{ secret: { ...standardWebhooks.secret, min: 40 } }, /^secret\.generated: /],
  [{ body: { test: 'a $test' } }, /^body\.test: must not contain \$test;/],
  [{ headers: { 'x-a': '$test', 'x-b': '$signature' } }, /^headers\.x-a: must not contain \$test;/],
  [{ eventTypes: [example({}), example({})] }, /^eventTypes\.1\.name: must not be named twice/],
  [
    { eventTypes: [example({})], body: { pause: '$attributes.pause' } },
    /^eventTypes\.0\.exampleAttributes: \/attributes\/pause is required/,
  ],
  [
    { eventTypes: [{ ...example({}), exampleAttributes: tooMany }] },
    /^eventTypes\.0\.exampleAttributes: must not have more than 64 attributes/,
  ],
  [
    { eventTypes: [example([])], body: { '...': '$data' } },
    /^eventTypes\.0\.example: \/data must be an object/,
  ],
  [{ surprise: true }, /^: Unrecognized key/],
])('a profile with %j is refused', (changes, issue) => {
  expect(issuesOf(changes)).toContainEqual(expect.stringMatching(issue));
});

test('$$ renders as a dollar sign', () => {
  const body = { price: '$$5 for $id', data: '$data' };
  const { composeBody } = compileProfile(profileSchema.parse({ ...standardWebhooks, body }), 1);
  expect(String(composeBody({ ...event, data: Buffer.from('1') }))).toBe('{"price":"$5 for evt_1","data":1}');
});

test('docs/profiles.md contains the source of standard-webhooks', () => {
  const source = readFileSync('src/profiles/shipped/standard-webhooks.ts', 'utf8');
  const written = /ProfileSource = (\{[\s\S]*\n\});/.exec(source)?.[1];
  expect(readFileSync('docs/profiles.md', 'utf8')).toContain(`\n${written}\n`);
});
