import { newEndpoint } from '../../src/api/endpoints/endpoint-schemas.ts';
import { eventTypeSettings } from '../../src/api/event-types/event-type-schemas.ts';
import { contentHash } from '../../src/api/events/content-hash.ts';
import { newEvent, newEvents } from '../../src/api/events/event-schemas.ts';
import { readJsonDocument } from '../../src/api/http/body/json-document.ts';
import { membersOf } from '../../src/api/http/body/json-members.ts';
import { newPreview } from '../../src/api/profiles/profile-schemas.ts';
import { projectChanges } from '../../src/api/projects/project-schemas.ts';
import { compileSchema } from '../../src/json-schema/compile-schema.ts';
import { cpuMs } from '../set-up/cpu-time.ts';
import { superlinearGrowth } from './growth.ts';
import {
  checked,
  event,
  filled,
  listed,
  type Make,
  memoized,
  problemOrResult,
  profiles,
} from './untrusted-input.ts';

const nested = (inner: string): string => `${'{"k":'.repeat(50)}${inner}${'}'.repeat(50)}`;

/** JSON values that are hostile to code which scans the raw text of JSON. */
const JSON_TEXTS: Record<string, Make> = {
  'zeros between two ones': filled('1.', '0', '1'),
  'zeros after the point': filled('0.', '0', ''),
  'zeros in front of an exponent': filled('1', '0', 'e-9'),
  'zeros in the exponent': filled('1e', '0', '1'),
  'a huge exponent': filled('1e-', '9', ''),
  'an exponent of zero': filled('0e', '9', ''),
  digits: filled('', '7', ''),
  'alternating digits and zeros': filled('1', '01', '1'),
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

/** All code that handles JSON values of untrusted users. */
const OF_JSON: Record<string, (text: string) => unknown> = {
  'the request body': (text) =>
    problemOrResult(() => readJsonDocument(Buffer.from(`{"type":"a","data":${text}}`))),
  'the request body, as an unknown member': (text) => {
    const bytes = Buffer.from(text);
    return problemOrResult(() => checked(newEvent, readJsonDocument(bytes).value));
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
// One profile inserts the data unchanged, one spreads its members, and one serializes the whole body.
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
  contains: { contains: { const: 'nothing' }, minContains: 2 },
};
for (const [name, schema] of Object.entries(SCHEMAS)) {
  const compiled = compileSchema(JSON.stringify(schema));
  if ('problems' in compiled) throw new Error(JSON.stringify(compiled.problems));
  OF_JSON[`a schema with ${name}`] = (text) => compiled.check(JSON.parse(text), Buffer.byteLength(text));
}

test.each(Object.keys(JSON_TEXTS))('%s take time linear in their number, wherever they are read', (name) => {
  const make = memoized(JSON_TEXTS[name]!);
  const slow = Object.entries(OF_JSON).flatMap(([reader, work]) => {
    const found = superlinearGrowth(make, work);
    return found ? [`${reader}: ${found}`] : [];
  });

  expect(slow).toEqual([]);
});

test('a number of 100 kB takes less than a second in a profile that serializes the data', () => {
  const data = Buffer.from(JSON_TEXTS['zeros between two ones']!(100_000));
  const before = cpuMs();
  profiles.get('canvelete')!.composeBody({ ...event, data });

  expect(cpuMs() - before).toBeLessThan(1_000);
});
