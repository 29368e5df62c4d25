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
  'a body of more than one block, ending where the padding no longer fits': { text: 'x'.repeat(64 + 56) },
};

/** A secret as the profile wants it. */
export function secretFor({ secret: { key, prefix } }: SigningProfile, name: string): string {
  const text = `${name} — of the conformance cases`;
  return key === 'utf8' ? text : `${prefix}${Buffer.from(text.padEnd(24)).toString('base64')}`;
}

/** What is true of every profile, said of one. */
export function profileCases(
  label: string,
  profile: string | SigningProfile,
  scheme: SigningProfile,
): Case[] {
  const secret = secretFor(scheme, 'the secret');
  const older = secretFor(scheme, 'older');
  const stranger = secretFor(scheme, 'stranger');
  const longSecret = secret.repeat(4);
  const { content, encoding, format } = scheme.signature;
  const signsId = content.includes('$id');
  const signsTime = content.includes('$sentAt');
  const timeInHeader = signsTime && !format.includes('$sentAt');

  const signed = (changes: Partial<SigningInput> = {}) =>
    referenceSignature(scheme, { payload: plain, id: EVENT_ID, sentAt: SENT_AT, secret, ...changes });
  const made = (what: string, changes: Partial<Case>): Case => ({
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
  const refused = (what: string, result: Case['result'], changes: Partial<Case>) =>
    made(what, { result, ...changes });

  const accepted = [
    ...Object.entries(payloads).map(([what, payload]) =>
      made(what, { payload, signature: signed({ payload }), sent: { secrets: [secret], sentAt: SENT_AT } }),
    ),
    ...(scheme.secret.key === 'utf8'
      ? [made('a secret longer than a block of the hash', bySecret(longSecret))]
      : []),
    made('the receiver already knows the next secret', { secrets: [stranger, secret] }),
    made('the receiver still knows the last secret', { secrets: [secret, older] }),
    made('signed with the new secret and the old one, known: the old one', {
      signature: `${signed({ secret: stranger })} ${signed()}`,
    }),
    made('signed with the new secret and the old one, known: the new one', {
      signature: `${signed()} ${signed({ secret: older })}`,
    }),
    made('a signature of another form beside the right one', { signature: `v9,AAAA ${signed()}` }),
  ];

  const start = signed().slice(0, -1);
  const empty = format.replace('$sentAt', `${SENT_AT}`).replace(`$${encoding}`, '');
  const refusedCases = [
    refused('a wrong secret', 'wrong_signature', { secrets: [stranger] }),
    refused('several wrong secrets', 'wrong_signature', { secrets: [stranger, older] }),
    refused('several wrong signatures', 'wrong_signature', {
      signature: `${signed({ secret: stranger })} ${signed({ secret: older })}`,
    }),
    refused('one bit of the body altered', 'wrong_signature', { payload: flipped(plain) }),
    refused('the body written anew', 'wrong_signature', {
      payload: { text: JSON.stringify(JSON.parse(textOf(plain))) },
    }),
    refused('a byte added to the body', 'wrong_signature', { payload: { text: `${textOf(plain)}\n` } }),
    refused('a signature without its last character', 'malformed_signature', { signature: start }),
    refused('a signature with one character more', 'malformed_signature', { signature: `${signed()}0` }),
    refused('half a signature', 'malformed_signature', { signature: signed().slice(0, signed().length / 2) }),
    refused('the last character replaced by a letter that no digest has', 'malformed_signature', {
      signature: `${start}!`,
    }),
    refused('a comma between signatures', 'malformed_signature', { signature: `${signed()},${signed()}` }),
    ...(empty === '' ? [] : [refused('an empty digest', 'malformed_signature', { signature: empty })]),
    refused('an empty signature', 'missing_signature', { signature: '' }),
    refused('no signature', 'missing_signature', { signature: null }),
    refused('a text that is no signature', 'malformed_signature', { signature: 'undefined' }),
    ...(encoding === 'hex'
      ? [refused('hex in upper case', 'malformed_signature', { signature: upperCased(signed()) })]
      : []),
    ...otherSchemes(scheme).map(([other, otherScheme]) =>
      refused(`the signature of ${other}`, 'malformed_signature', {
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
    ...(signsTime ? timeCases(made, signed) : []),
    ...(timeInHeader ? timeHeaderCases(refused) : []),
    ...(signsTime && !timeInHeader ? timeInSignatureCases(refused, signed, stranger) : []),
    ...(signsId ? idCases(refused, signed) : []),
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
