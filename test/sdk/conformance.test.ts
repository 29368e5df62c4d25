import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Case } from '../../sdk/conformance/case.ts';
import { conformance, conformanceText } from '../../sdk/conformance/cases.ts';
import { payloadBytes } from '../../sdk/conformance/reference-signature.ts';
import { createShippedProfiles } from '../../src/profiles/shipped/registry.ts';
import { compileSigner } from '../../src/signing/sign.ts';
import { SDK_FOLDER } from './run-program.ts';

const profiles = createShippedProfiles();

test('signatures.json is what sdk/conformance/write-cases.ts generates', () => {
  expect(readFileSync(join(SDK_FOLDER, 'conformance/signatures.json'), 'utf8')).toBe(conformanceText());
});

test('the file contains every shipped profile', () => {
  expect(Object.keys(conformance.profiles).sort()).toEqual(profiles.names().sort());
});

/** The headers that Posthorn sends for a case, by lower-case name. */
function sentHeaders({ profile, payload, id, sent }: Case): Record<string, string> {
  const message = { id: id ?? 'evt_1', sentAt: sent!.sentAt, body: payloadBytes(payload) };
  if (typeof profile !== 'string') {
    const { headers, signature, secret } = profile;
    const sign = compileSigner({ ...signature, whileRotating: 'newest' }, secret);
    return rendered(headers, { $signature: sign(message, sent!.secrets), $sentAt: `${message.sentAt}` });
  }
  const event = { ...message, type: 'a.b', createdAt: new Date(0), consumer: 'c', attributes: {} };
  return lowerCased(profiles.get(profile)!.requestHeaders({ ...event, secrets: sent!.secrets }));
}

const lowerCased = (headers: Record<string, string>) =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));

const rendered = (templates: Record<string, string>, values: Record<string, string>) =>
  lowerCased(Object.fromEntries(Object.entries(templates).map(([name, text]) => [name, values[text]!])));

test.each(conformance.cases.filter(({ sent }) => sent).map((one) => [one.name, one] as const))(
  'Posthorn sends exactly the headers of the case "%s"',
  (_, one) => {
    const { headers: templates } =
      typeof one.profile === 'string' ? conformance.profiles[one.profile]! : one.profile;
    const values = { $signature: one.signature!, $id: one.id ?? '', $sentAt: one.timestamp ?? '' };
    expect(sentHeaders(one)).toMatchObject(rendered(templates, values));
  },
);
