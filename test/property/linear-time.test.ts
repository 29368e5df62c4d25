import { verifyWebhook } from '../../sdk/typescript/src/verify/verify-webhook.ts';
import { newEndpoint } from '../../src/api/endpoints/endpoint-schemas.ts';
import { eventTypeSettings } from '../../src/api/event-types/event-type-schemas.ts';
import { contentHash } from '../../src/api/events/content-hash.ts';
import { newEvent, newEvents } from '../../src/api/events/event-schemas.ts';
import { readJsonDocument } from '../../src/api/http/body/json-document.ts';
import { membersOf } from '../../src/api/http/body/json-members.ts';
import { decodeCursor } from '../../src/api/http/cursor.ts';
import { matchesIfNoneMatch } from '../../src/api/http/entity-tags.ts';
import { parseBody } from '../../src/api/http/validation/validation.ts';
import { Problem, problemJson } from '../../src/api/problems/problem.ts';
import { newPreview, profile as profileBody } from '../../src/api/profiles/profile-schemas.ts';
import { projectChanges } from '../../src/api/projects/project-schemas.ts';
import { createAddressGuard } from '../../src/egress/addresses/address-guard.ts';
import { redirectError } from '../../src/egress/redirect.ts';
import { parseTargetUrl } from '../../src/egress/target-url.ts';
import { compileSchema } from '../../src/json-schema/compile-schema.ts';
import { patternProgramSize } from '../../src/json-schema/patterns.ts';
import { resolvePointer } from '../../src/json-schema/references.ts';
import { parseDuration } from '../../src/policy/duration.ts';
import { compileTemplate, HEADER_VARIABLES, templateProblem } from '../../src/profiles/body/template.ts';
import { isHeaderValue } from '../../src/profiles/header-names.ts';
import { createBuiltInProfiles } from '../../src/profiles/shipped/registry.ts';
import { parseCursor } from '../../src/store/outcomes/outcomes.ts';
import { cpuMs } from '../set-up/cpu-time.ts';
import { superlinearGrowth } from './growth.ts';

jest.setTimeout(120_000);

type Make = (bytes: number) => string;

const filled =
  (before: string, unit: string, after: string): Make =>
  (bytes) =>
    before +
    unit.repeat(Math.max(1, Math.floor((bytes - before.length - after.length) / unit.length))) +
    after;

/** A list whose entries are made by their place. */
const listed =
  (before: string, entry: (n: number) => string, after: string): Make =>
  (bytes) => {
    const entries: string[] = [];
    for (let size = 0; size < bytes; size += entries.at(-1)!.length + 1) entries.push(entry(entries.length));
    return before + entries.join() + after;
  };

const nested = (inner: string): string => `${'{"k":'.repeat(50)}${inner}${'}'.repeat(50)}`;

/** JSON values, hostile to those who look for what a parser hides. */
const JSON_TEXTS: Record<string, Make> = {
  'zeros between two ones': filled('1.', '0', '1'),
  'zeros after the point': filled('0.', '0', ''),
  'zeros in front of an exponent': filled('1', '0', 'e-9'),
  'zeros in the exponent': filled('1e', '0', '1'),
  'a huge exponent': filled('1e-', '9', ''),
  'an exponent of zero': filled('0e', '9', ''),
  digits: filled('', '7', ''),
  'digits and zeros in turn': filled('1', '01', '1'),
  'numbers with zeros': listed('[', () => '1.00000000000000000000000000000001', ']'),
  'backslashes in a text': filled('"', '\\\\', '"'),
  'quotes in a text': filled('"', '\\"', '"'),
  'escapes in a text': filled('"', '\\u0000', '"'),
  'halves of surrogate pairs': filled('"', '\\ud800', '"'),
  'emoji in a text': filled('"', '😀', '"'),
  'white space': filled('[1', ' \n', ']'),
  'white space between members': listed('{', (n) => `"${n}"${' '.repeat(50)}:1`, '}'),
  'small numbers': listed('[', (n) => String(n), ']'),
  'equal items': listed('[', () => '{"a":[1]}', ']'),
  'empty lists': listed('[', () => '[]', ']'),
  'names that differ': listed('{', (n) => `"name ${n}":1`, '}'),
  'one name many times': listed('{', () => '"name":1', '}'),
  'names like indexes': listed('{', (n) => `"${n * 65_537}":1`, '}'),
  'names that pointers escape': listed('{', (n) => `"~/${n}":1.0`, '}'),
  'a long name that pointers escape': (bytes) => `{"${'~/'.repeat(bytes / 2)}":1.0}`,
  'long names around many members': (bytes) =>
    `{"${'n'.repeat(bytes / 2)}":${listed('{', (n) => `"${n}":1e400`, '}')(bytes / 2)}}`,
  'long names around repeated members': (bytes) =>
    `{"${'n'.repeat(bytes / 2)}":${listed('{', () => '"a":1', '}')(bytes / 2)}}`,
  'items deep inside': (bytes) => nested(listed('[', (n) => `{"a":${n}}`, ']')(bytes)),
};

const profiles = createBuiltInProfiles();
const event = {
  id: 'evt_1',
  type: 'a.b',
  createdAt: new Date(0),
  consumer: 'acme',
  attributes: {},
  target: null,
  endpoint: null,
};
const guard = createAddressGuard([]);

/** Each text of each size is made once. */
function remembering(make: Make): Make {
  const made = new Map<number, string>();
  return (bytes) => {
    const text = made.get(bytes) ?? make(bytes);
    made.set(bytes, text);
    return text;
  };
}

const ignoring = (work: () => unknown): unknown => {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return problemJson(error, 'req_1', 'http://posthorn.test');
  }
};
const checked = (schema: Parameters<typeof parseBody>[0], value: unknown): unknown =>
  ignoring(() => parseBody(schema, value));

/** What a JSON value of a stranger meets. */
const OF_JSON: Record<string, (text: string) => unknown> = {
  'the door': (text) => ignoring(() => readJsonDocument(Buffer.from(`{"type":"a","data":${text}}`))),
  'the door, as an unknown member': (text) => {
    const bytes = Buffer.from(text);
    return ignoring(() => checked(newEvent, readJsonDocument(bytes).value));
  },
  'members of a level': (text) =>
    text.startsWith('{') ? membersOf(Buffer.from(text), { start: 0, end: Buffer.byteLength(text) }) : null,
  'the hash of the content': (text) => contentHash({ ...event, data: Buffer.from(text) }),
  attributes: (text) => checked(newEvent, { type: 'a', data: 1, attributes: JSON.parse(text) }),
  'a batch': (text) => checked(newEvents, { events: JSON.parse(text) }),
  'an endpoint': (text) => {
    const value: unknown = JSON.parse(text);
    return checked(newEndpoint, {
      url: value,
      events: value,
      headers: value,
      description: value,
      secret: value,
    });
  },
  'an event type': (text) => {
    const value: unknown = JSON.parse(text);
    return checked(eventTypeSettings, {
      description: value,
      schema: value,
      example: value,
      exampleAttributes: value,
    });
  },
  'a preview': (text) => {
    const value: unknown = JSON.parse(text);
    return checked(newPreview, { type: value, createdAt: value, attributes: value, id: value });
  },
  'a project': (text) => {
    const value: unknown = JSON.parse(text);
    return checked(projectChanges, { name: value, plans: value, policy: { delays: value, jitter: value } });
  },
};
// One that places the data as it is, one that spreads its members, and one that writes the whole body anew.
for (const name of ['standard-webhooks', 'pdf-gorilla', 'canvelete']) {
  const profile = profiles.get(name)!;
  OF_JSON[`the body of ${name}`] = (text) => profile.composeBody({ ...event, data: Buffer.from(text) });
}

const SCHEMAS: Record<string, object> = {
  'a pattern that backtracks': { pattern: '^(a+)+$' },
  'a pattern in each item': { items: { pattern: '(x+x+)+y' }, additionalProperties: { pattern: '(.*)*$' } },
  'unique items': { uniqueItems: true, items: { uniqueItems: true } },
  'names of members': { propertyNames: { pattern: '^(a|b|ab)*$', maxLength: 100 } },
  'one of several': { items: { oneOf: [{ type: 'string' }, { minimum: 5 }, { maximum: 9 }] } },
  'a multiple': { multipleOf: 0.01, items: { multipleOf: 0.01 } },
  'what it contains': { contains: { const: 'nothing' }, minContains: 2 },
};
for (const [name, schema] of Object.entries(SCHEMAS)) {
  const compiled = compileSchema(JSON.stringify(schema));
  if ('problems' in compiled) throw new Error(JSON.stringify(compiled.problems));
  OF_JSON[`a schema with ${name}`] = (text) => compiled.check(JSON.parse(text), Buffer.byteLength(text));
}

test.each(Object.keys(JSON_TEXTS))(
  '%s take time that grows with their number, wherever they stand',
  (name) => {
    const slow = Object.entries(OF_JSON).flatMap(([place, work]) => {
      const found = superlinearGrowth(JSON_TEXTS[name]!, work);
      return found ? [`${place}: ${found}`] : [];
    });

    expect(slow).toEqual([]);
  },
);

/** Texts that patterns and scanners stumble over. */
const TEXTS: Record<string, Make> = {
  letters: filled('', 'a', ''),
  'letters before a line end': filled('', 'a', '\n'),
  spaces: filled('a', ' ', 'b'),
  'spaces before what fits nowhere': filled('a', ' ', '\u0000'),
  tabs: filled('', '\t', 'x'),
  dots: filled('a', '.', ''),
  labels: filled('https://', 'a.', '/'),
  slashes: filled('/', '/', ''),
  tildes: filled('/', '~1~', ''),
  percents: filled('https://a.example/', '%', ''),
  'user names': filled('https://', 'a@', 'a.example'),
  colons: filled('https://', ':', ''),
  brackets: filled('https://', '[', ']'),
  dollars: filled('', '$', ''),
  variables: filled('', '$id', ''),
  'names of attributes': filled('', '$attributes.a', ''),
  commas: filled('', ',', ''),
  tags: filled('', 'W/"a",', '"'),
  'tags of white space': filled('W/', ' ', '"'),
  digits: filled('', '9', ''),
  base64: filled('', 'QUJD', '='),
  'signatures in hex': filled('', `sha256=${'a'.repeat(64)} `, ''),
  'signatures in base64': filled('', `v1,${'A'.repeat(43)}= `, ''),
  'parts of a signature': filled('', 't=1,v1=', ''),
  fractions: filled('2026-01-01T00:00:00.', '0', 'Z'),
  'a header of a certificate': filled('', 'CN=a, ', ''),
};

const signingProfile = (name: string, text: string): unknown =>
  verifyWebhook({
    payload: '{}',
    secret: `whsec_${'A'.repeat(32)}`,
    profile: name as 'cmdcal',
    signature: text,
    id: text,
    timestamp: '1',
  });

const OF_TEXT: Record<string, (text: string) => unknown> = {
  'a URL': (text) => parseTargetUrl(text, { httpsOnly: true, publicOnly: true }, guard),
  'a header value': isHeaderValue,
  'If-None-Match': (text) => matchesIfNoneMatch(text, 'W/"b"'),
  'a cursor': (text) => ignoring(() => decodeCursor('timeAndId', text)),
  'what a cursor holds': (text) =>
    ignoring(() =>
      decodeCursor('timeAndId', Buffer.from(JSON.stringify(['timeAndId', text, text])).toString('base64url')),
    ),
  'Last-Event-ID': parseCursor,
  'the digits of Last-Event-ID': (text) => parseCursor(`00000000.${text}.${text}`),
  'a duration': parseDuration,
  Location: (text) => redirectError(302, text, new URL('https://a.example')),
  'a JSON pointer': (text) => resolvePointer({ a: 1 }, text),
  'a template': (text) => templateProblem(text, HEADER_VARIABLES),
  'a rendered template': (text) =>
    compileTemplate(text).render({ ...event, createdAt: '', attributes: { a: 'x' } }),
  'the fields of an event': (text) =>
    checked(newEvent, { type: text, id: text, consumer: text, data: 1, attributes: { [text]: text } }),
  'the fields of an endpoint': (text) =>
    checked(newEndpoint, { url: text, events: [text], headers: { [text]: text }, consumer: text }),
  'the time of a preview': (text) => checked(newPreview, { type: 'a', createdAt: text }),
  'the fields of a project': (text) =>
    checked(projectChanges, { name: text, policy: { delays: [text], timeout: text }, plans: [text] }),
  'the texts of a profile': (text) =>
    checked(profileBody, { name: text, title: text, body: { [text]: text }, headers: { [text]: text } }),
  'a header that the SDK verifies': (text) =>
    ['standard-webhooks', 'canvelete', 'smartlyq'].map((name) => signingProfile(name, text)),
};
for (const name of profiles.names()) OF_TEXT[`a secret of ${name}`] = profiles.get(name)!.secretProblem;

test.each(Object.keys(TEXTS))('%s take time that grows with their number, wherever they stand', (name) => {
  const make = remembering(TEXTS[name]!);
  const slow = Object.entries(OF_TEXT).flatMap(([place, work]) => {
    const found = superlinearGrowth(make, work);
    return found ? [`${place}: ${found}`] : [];
  });

  expect(slow).toEqual([]);
});

/** As long as a schema may be. */
const PATTERNS: Record<string, Make> = {
  letters: filled('', 'a', ''),
  alternatives: filled('(', 'a|', 'b)'),
  groups: (bytes) => '('.repeat(bytes / 2) + ')'.repeat(bytes / 2),
  classes: filled('', '[a-z]', ''),
  'one class': filled('[', 'aé', ']'),
  repeats: filled('', 'a{1,1000}', ''),
  'repeats of repeats': filled('(a', '{2}', ')'),
  scripts: filled('', '\\p{L}', ''),
  escapes: filled('', '\\', ''),
  'named groups': filled('', '(?<a>b)', ''),
};

test.each(Object.keys(PATTERNS))('a pattern of %s is measured in time that grows with its length', (name) => {
  expect(superlinearGrowth(PATTERNS[name]!, patternProgramSize, 32 * 1024)).toBeUndefined();
});

test('a number of 100 kB that a re-serialising profile looks at takes milliseconds', () => {
  const data = Buffer.from(JSON_TEXTS['zeros between two ones']!(100_000));
  const before = cpuMs();
  profiles.get('canvelete')!.composeBody({ ...event, data });

  expect(cpuMs() - before).toBeLessThan(1_000);
});
