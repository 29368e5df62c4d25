import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ProfileSource } from '../../../src/profiles/profile.ts';
import { profileSchema } from '../../../src/profiles/profile-schema.ts';
import { createTestDatabase, type TestDatabase } from '../../set-up/servers/database.ts';

let database: TestDatabase;
beforeEach(async () => {
  database = await createTestDatabase();
});
afterEach(() => database.drop());

const runMigration = async () =>
  database.pool.query(await readFile(join('migrations', '0012_profile_language.sql'), 'utf8'));

const storeProfile = (source: string) =>
  database.pool.query(
    `INSERT INTO profiles (scope, name, version, title, event_types, source) VALUES ('', 'acme', 1, 'Acme', '{}', $1)`,
    [source],
  );

const storedSource = async (): Promise<string> =>
  (await database.pool.query<{ source: string }>('SELECT source FROM profiles')).rows[0]!.source;

type Values = {
  whileRotating: ['space' | 'none', 'all' | 'newest'];
  source: ['never' | 'optional' | 'required', 'generated' | 'either' | 'provided'];
  returned: [boolean, 'once' | 'never'];
};

/** Everything that precedes the renamed members and may contain texts that look like them. */
const start = {
  name: 'acme',
  title: 'a ","createdAt":"seconds","headers":{ title',
  body: {
    z: '},"timeout":"',
    createdAt: 'seconds',
    headers: '{',
    severalSecrets: 'none',
    secret: '},"secret":{',
    brought: 'never',
    a: '$data',
    afterLast: 'x',
  },
  dataBytes: 'verbatim' as const,
};
const headers = {
  severalSecrets: 'space',
  'X-Signature': '$signature',
  brought: '"severalSecrets":"none"},"secret":{',
};
const signature = {
  algorithm: 'hmac-sha256' as const,
  content: '$body' as const,
  encoding: 'hex' as const,
  format: '","severalSecrets":"none"},"secret":{$hex',
};
const secret = {
  key: 'utf8' as const,
  prefix: '',
  generated: { bytes: 32, encoding: 'hex' as const },
  min: 1,
  max: 512,
};
const end = {
  timeout: '5s',
  policy: { delays: ['1m'], jitter: 0 },
  urls: { httpsOnly: true, publicOnly: true },
};

/** An event type whose example is a profile in the old language, which must stay as it is. */
const eventTypes = (signed: 'space' | 'none') => [
  {
    name: 'profile.changed',
    description: ',"afterLast":"x"}',
    example: {
      nul: '\u0000',
      half: '\ud800',
      dataBytes: 'verbatim',
      createdAt: 'seconds',
      headers: { a: 'b' },
      signature: { severalSecrets: signed },
      secret: { brought: 'optional', shownOnce: true },
      timeout: '5s',
      afterLast: 'x',
    },
  },
];

const ALL_VALUES: Values[] = [
  { whileRotating: ['space', 'all'], source: ['never', 'generated'], returned: [true, 'once'] },
  { whileRotating: ['none', 'newest'], source: ['optional', 'either'], returned: [true, 'once'] },
  { whileRotating: ['space', 'all'], source: ['required', 'provided'], returned: [true, 'once'] },
  { whileRotating: ['none', 'newest'], source: ['required', 'provided'], returned: [false, 'never'] },
];

describe('a stored profile in the old language', () => {
  test.each(ALL_VALUES)('becomes the text that a PUT in the new language would store: %j', async (values) => {
    const types = eventTypes(values.whileRotating[0] === 'space' ? 'none' : 'space');
    const label = 'given \\ up, "afterLast":"x"}';
    const old = {
      ...start,
      createdAt: 'milliseconds',
      headers,
      signature: { ...signature, severalSecrets: values.whileRotating[0] },
      secret: { ...secret, brought: values.source[0], shownOnce: values.returned[0] },
      ...end,
      eventTypes: types,
      afterLast: label,
    };
    const renamed: ProfileSource = {
      ...start,
      timestampPrecision: 'milliseconds',
      headers,
      signature: { ...signature, whileRotating: values.whileRotating[1] },
      secret: { ...secret, source: values.source[1], returned: values.returned[1] },
      ...end,
      eventTypes: types,
      labels: { undeliverable: label },
    };
    await storeProfile(JSON.stringify(old));

    await runMigration();

    expect(await storedSource()).toBe(JSON.stringify(profileSchema.parse(renamed)));
  });

  test('with its members in another order stops the migration, by name', async () => {
    await storeProfile('{"afterLast":"x","name":"acme"}');

    await expect(runMigration()).rejects.toThrow(
      'version 1 of profile acme in scope "" could not be translated',
    );
  });
});
