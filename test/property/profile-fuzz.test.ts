import fc from 'fast-check';
import type { ProfileSource } from '../../src/profiles/profile.ts';
import { profileSchema } from '../../src/profiles/profile-schema.ts';
import { standardWebhooks } from '../../src/profiles/shipped/standard-webhooks.ts';
import { cpuMs } from '../set-up/cpu-time.ts';
import { startTestApi, type TestApi } from '../set-up/test-api.ts';

let api: TestApi;
let key: string;
beforeAll(async () => {
  api = await startTestApi();
  ({ key } = await api.newProject());
});
afterAll(() => api.close());

const NAME = 'wire';
const valid: ProfileSource = {
  ...standardWebhooks,
  name: NAME,
  plans: ['pro'],
  eventTypes: [{ name: 'a.b', description: 'An event', example: { a: 1 }, exampleAttributes: { x: 'y' } }],
};

/** Strings that have a meaning in templates, headers, JSON or Postgres. */
const text = fc.oneof(
  fc.constantFrom(
    '$data',
    '$type',
    '$$',
    '$',
    '$attributes.x',
    '$signature',
    '...',
    '__proto__',
    'constructor',
  ),
  fc.constantFrom(
    'a\r\nb: c',
    '\u0000',
    '\ud800',
    ' x',
    '0',
    '1e400',
    '30d',
    '99999999999d',
    'x'.repeat(3_000),
  ),
  fc.string({ unit: 'binary', maxLength: 40 }),
);
const anything = fc.anything({
  key: text,
  values: [text, fc.double(), fc.maxSafeInteger(), fc.boolean(), fc.constant(null)],
  maxDepth: 3,
  withNullPrototype: false,
});

/** The paths to all values of a profile. */
function pathsIn(value: unknown, path: string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([name, inner]) => pathsIn(inner, [...path, name]))];
}

function replaced(value: unknown, [step, ...rest]: string[], by: unknown): unknown {
  if (step === undefined) return by;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value))
    return value.map((one, n) => (String(n) === step ? replaced(one, rest, by) : one));
  return { ...value, [step]: replaced((value as Record<string, unknown>)[step], rest, by) };
}

/** A valid profile with arbitrary values at up to three paths. */
const altered = fc
  .array(fc.tuple(fc.constantFrom(...pathsIn(valid)), anything), { minLength: 1, maxLength: 3 })
  .map((changes) => changes.reduce<unknown>((profile, [path, by]) => replaced(profile, path, by), valid));

/** A valid profile with strings and templates of which some are allowed. */
const template = fc
  .array(fc.oneof(text, fc.constantFrom('$id', '$type', 'a', '=')), { maxLength: 3 })
  .map((parts) => parts.join(''));
const plausible = fc
  .record(
    {
      title: text,
      body: fc.dictionary(text, template, { maxKeys: 3 }),
      headers: fc
        .dictionary(fc.oneof(text, fc.constantFrom('x-a', 'Cookie', 'Host')), template, { maxKeys: 2 })
        .map((some) => ({ ...some, 'x-signature': '$signature' })),
      eventTypes: fc.array(
        fc.record({ name: fc.constantFrom('a.b', 'c'), description: text, example: anything }),
      ),
      labels: fc.record({ undeliverable: text }),
    },
    { requiredKeys: [] },
  )
  .map((changes) => ({ ...valid, ...changes }));

test('any input is either stored as a profile or refused, and a stored profile composes or refuses any event', async () => {
  let stored = 0;
  await fc.assert(
    fc.asyncProperty(fc.oneof(anything, altered, plausible, plausible), text, async (profile, attribute) => {
      const body = JSON.stringify(profile) ?? 'null';
      const response = await api.call('PUT', `/v1/profiles/${NAME}`, { key, body });
      expect([200, 413, 422]).toContain(response.status);
      if (response.status !== 200) return;
      stored++;
      const event = { type: 'a.b', data: { z: 1 }, consumer: 'acme', attributes: { x: attribute } };
      for (const one of [event, { type: 'a.b' }]) {
        const preview = await api.call('POST', `/v1/profiles/${NAME}/preview`, { key, body: one });
        expect([200, 422]).toContain(preview.status);
        if (preview.status !== 200) continue;
        const { headers, body: sent } = preview.body as { headers: Record<string, string>; body: string };
        JSON.parse(sent);
        for (const [name, value] of Object.entries(headers)) {
          expect(name).toMatch(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/);
          expect(value).toMatch(/^[ -~]*$/);
        }
      }
    }),
    { numRuns: 600 },
  );
  // Otherwise the generator produces nothing that the schema accepts.
  expect(stored).toBeGreaterThan(10);
});

test('a profile that would render huge examples is refused before anything is rendered', () => {
  const types = Array.from({ length: 200 }, (_, n) => ({
    name: `t${n}`,
    description: '',
    example: 1,
    exampleAttributes: { x: 'y'.repeat(400) },
  }));
  const startedAt = cpuMs();
  const issuesWith = (references: number, member = '$attributes.x') =>
    profileSchema.safeParse({
      ...valid,
      body: { a: member.repeat(references), data: '$data' },
      eventTypes: types,
    }).error!.issues;
  expect(issuesWith(199)[0]!.message).toContain('more than 65536 characters in the body');
  expect(issuesWith(199).length).toBeLessThan(300);
  expect(issuesWith(199, '$attributes.y').length).toBeLessThan(300);
  expect(issuesWith(4_000)).toMatchObject([
    { path: ['body'], message: 'must not have more than 200 variables in its templates' },
  ]);
  expect(cpuMs() - startedAt).toBeLessThan(2_000);
});
