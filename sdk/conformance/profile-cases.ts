import type { SigningProfile } from '../typescript/src/verify/profiles.ts';
import type { Case, Payload } from './case.ts';
import { payloadBytes, referenceSignature, type SigningInput } from './reference-signature.ts';
import {
  EVENT_ID,
  idCases,
  SENT_AT,
  timeCases,
  timeHeaderCases,
  timeInSignatureCases,
} from './signed-part-cases.ts';
import { signingProfiles } from './signing-profiles.ts';

const plain: Payload = {
  text: '{"event":"render.completed","data":{"seconds":1.0,"big":12345678901234567890}}',
};

const payloads: Record<string, Payload> = {
  'a JSON body': plain,
  'text outside ASCII': { text: '{"name":"Zoë — 日本 \u{1F4EF}","escaped":"\\u00e9\\/\\n"}' },
  'an empty body': { text: '' },
  'bytes that are not UTF-8': {
    base64: Buffer.from([0x7b, 0xff, 0xfe, 0x00, 0xc3, 0x28, 0x7d]).toString('base64'),
  },
  'a body whose last block has no room for the padding': { text: 'x'.repeat(64 + 56) },
};

/** A secret in the format of the profile. */
export function secretFor({ secret: { key, prefix } }: SigningProfile, name: string): string {
  const text = `${name} — of the conformance cases`;
  return key === 'utf8' ? text : `${prefix}${Buffer.from(text.padEnd(24)).toString('base64')}`;
}

/** The cases that every profile has. */
export function profileCases(
  label: string,
  profile: string | SigningProfile,
  scheme: SigningProfile,
): Case[] {
  const secret = secretFor(scheme, 'the secret');
  const oldSecret = secretFor(scheme, 'older');
  const unknownSecret = secretFor(scheme, 'stranger');
  const longSecret = secret.repeat(4);
  const { content, encoding, format } = scheme.signature;
  const signsId = content.includes('$id');
  const signsTime = content.includes('$sentAt');
  const timeInHeader = signsTime && !format.includes('$sentAt');

  const signed = (changes: Partial<SigningInput> = {}) =>
    referenceSignature(scheme, { payload: plain, id: EVENT_ID, sentAt: SENT_AT, secret, ...changes });
  const makeCase = (what: string, changes: Partial<Case>): Case => ({
    name: `${label}: ${what}`,
    profile,
    payload: plain,
    secrets: [secret],
    signature: signed(),
    ...(signsId && { id: EVENT_ID }),
    ...(timeInHeader && { timestamp: `${SENT_AT}` }),
    now: SENT_AT,
    result: 'accepted',
    ...changes,
  });
  const bySecret = (one: string): Partial<Case> => ({
    secrets: [one],
    signature: signed({ secret: one }),
    sent: { secrets: [one], sentAt: SENT_AT },
  });
  const makeRefusedCase = (what: string, result: Case['result'], changes: Partial<Case>) =>
    makeCase(what, { result, ...changes });

  const accepted = [
    ...Object.entries(payloads).map(([what, payload]) =>
      makeCase(what, {
        payload,
        signature: signed({ payload }),
        sent: { secrets: [secret], sentAt: SENT_AT },
      }),
    ),
    ...(scheme.secret.key === 'utf8'
      ? [makeCase('a secret longer than a block of the hash', bySecret(longSecret))]
      : []),
    makeCase('the receiver already has the next secret', { secrets: [unknownSecret, secret] }),
    makeCase('the receiver still has the previous secret', { secrets: [secret, oldSecret] }),
    makeCase('signed with the new and the old secret, of which the receiver has the old one', {
      signature: `${signed({ secret: unknownSecret })} ${signed()}`,
    }),
    makeCase('signed with the new and the old secret, of which the receiver has the new one', {
      signature: `${signed()} ${signed({ secret: oldSecret })}`,
    }),
    makeCase('a signature in another format next to the right one', { signature: `v9,AAAA ${signed()}` }),
  ];

  const start = signed().slice(0, -1);
  const empty = format.replace('$sentAt', `${SENT_AT}`).replace(`$${encoding}`, '');
  const refusedCases = [
    makeRefusedCase('a wrong secret', 'wrong_signature', { secrets: [unknownSecret] }),
    makeRefusedCase('several wrong secrets', 'wrong_signature', { secrets: [unknownSecret, oldSecret] }),
    makeRefusedCase('several wrong signatures', 'wrong_signature', {
      signature: `${signed({ secret: unknownSecret })} ${signed({ secret: oldSecret })}`,
    }),
    makeRefusedCase('one bit of the body changed', 'wrong_signature', { payload: flipped(plain) }),
    makeRefusedCase('the body parsed and stringified', 'wrong_signature', {
      payload: { text: JSON.stringify(JSON.parse(textOf(plain))) },
    }),
    makeRefusedCase('a byte added to the body', 'wrong_signature', {
      payload: { text: `${textOf(plain)}\n` },
    }),
    makeRefusedCase('a signature without its last character', 'malformed_signature', { signature: start }),
    makeRefusedCase('a signature with an additional character', 'malformed_signature', {
      signature: `${signed()}0`,
    }),
    makeRefusedCase('half a signature', 'malformed_signature', {
      signature: signed().slice(0, signed().length / 2),
    }),
    makeRefusedCase('the last character replaced by one that no digest contains', 'malformed_signature', {
      signature: `${start}!`,
    }),
    makeRefusedCase('a comma between signatures', 'malformed_signature', {
      signature: `${signed()},${signed()}`,
    }),
    ...(empty === ''
      ? []
      : [makeRefusedCase('an empty digest', 'malformed_signature', { signature: empty })]),
    makeRefusedCase('an empty signature', 'missing_signature', { signature: '' }),
    makeRefusedCase('no signature', 'missing_signature', { signature: null }),
    makeRefusedCase('a text that is not a signature', 'malformed_signature', { signature: 'undefined' }),
    ...(encoding === 'hex'
      ? [makeRefusedCase('hex in upper case', 'malformed_signature', { signature: upperCased(signed()) })]
      : []),
    ...otherSchemes(scheme).map(([other, otherScheme]) =>
      makeRefusedCase(`the signature of ${other}`, 'malformed_signature', {
        signature: referenceSignature(otherScheme, {
          payload: plain,
          id: EVENT_ID,
          sentAt: SENT_AT,
          secret: secretFor(otherScheme, 'the secret'),
        }),
      }),
    ),
  ];
  return [
    ...accepted,
    ...refusedCases,
    ...(signsTime ? timeCases(makeCase, signed) : []),
    ...(timeInHeader ? timeHeaderCases(makeRefusedCase) : []),
    ...(signsTime && !timeInHeader ? timeInSignatureCases(makeRefusedCase, signed, unknownSecret) : []),
    ...(signsId ? idCases(makeRefusedCase, signed) : []),
  ];
}

const textOf = (payload: Payload): string => payloadBytes(payload).toString();

function flipped(payload: Payload): Payload {
  const bytes = payloadBytes(payload);
  bytes[5]! ^= 1;
  return { text: bytes.toString() };
}

const upperCased = (signature: string): string =>
  signature.replace(/[0-9a-f]{64,}$/, (digest) => digest.toUpperCase());

/** Providers whose signatures have another form. */
const otherSchemes = (scheme: SigningProfile): [string, SigningProfile][] =>
  Object.entries(signingProfiles).filter(([, other]) => other.signature.format !== scheme.signature.format);
