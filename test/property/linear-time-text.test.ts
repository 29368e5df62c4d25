import { verifyWebhook } from '../../sdk/typescript/src/verify/verify-webhook.ts';
import { newEndpoint } from '../../src/api/endpoints/endpoint-schemas.ts';
import { newEvent } from '../../src/api/events/event-schemas.ts';
import { decodeCursor } from '../../src/api/http/cursor.ts';
import { matchesIfNoneMatch } from '../../src/api/http/entity-tags.ts';
import { newPreview, profile as profileBody } from '../../src/api/profiles/profile-schemas.ts';
import { projectChanges } from '../../src/api/projects/project-schemas.ts';
import { createAddressGuard } from '../../src/egress/addresses/address-guard.ts';
import { redirectError } from '../../src/egress/redirect.ts';
import { parseTargetUrl } from '../../src/egress/target-url.ts';
import { patternProgramSize } from '../../src/json-schema/cost/patterns.ts';
import { resolvePointer } from '../../src/json-schema/references.ts';
import { parseDuration } from '../../src/policy/duration.ts';
import { compileTemplate, HEADER_VARIABLES, templateProblem } from '../../src/profiles/body/template.ts';
import { isHeaderValue } from '../../src/profiles/header-names.ts';
import { parseCursor } from '../../src/store/outcomes/outcomes.ts';
import { superlinearGrowth } from './growth.ts';
import { checked, event, filled, type Make, memoized, problemOrResult, profiles } from './untrusted-input.ts';

const guard = createAddressGuard([]);

/** Texts that are hostile to regular expressions and scanners. */
const TEXTS: Record<string, Make> = {
  letters: filled('', 'a', ''),
  'letters before a line end': filled('', 'a', '\n'),
  spaces: filled('a', ' ', 'b'),
  'spaces before a character that never matches': filled('a', ' ', '\u0000'),
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

const verifyWith = (name: string, text: string): unknown =>
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
  'a cursor': (text) => problemOrResult(() => decodeCursor('timeAndId', text)),
  'the content of a cursor': (text) =>
    problemOrResult(() =>
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
    ['standard-webhooks', 'canvelete', 'smartlyq'].map((name) => verifyWith(name, text)),
};
for (const name of profiles.names()) OF_TEXT[`a secret of ${name}`] = profiles.get(name)!.secretProblem;

test.each(Object.keys(TEXTS))('%s take time linear in their number, wherever they are read', (name) => {
  const make = memoized(TEXTS[name]!);
  const slow = Object.entries(OF_TEXT).flatMap(([reader, work]) => {
    const found = superlinearGrowth(make, work);
    return found ? [`${reader}: ${found}`] : [];
  });

  expect(slow).toEqual([]);
});

/** Patterns up to the maximum length of a schema. */
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

test.each(Object.keys(PATTERNS))('a pattern of %s is measured in time linear in its length', (name) => {
  expect(superlinearGrowth(PATTERNS[name]!, patternProgramSize, 32 * 1024)).toBeUndefined();
});
