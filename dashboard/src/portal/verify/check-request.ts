import type { Signing } from '../../../../sdk/typescript/src/models.ts';
import { decodeSecret } from '../../../../sdk/typescript/src/verify/decode-secret.ts';
import { encodeDigest } from '../../../../sdk/typescript/src/verify/digest.ts';
import { hmac } from '../../../../sdk/typescript/src/verify/hmac.ts';
import { parseSignatureHeader } from '../../../../sdk/typescript/src/verify/signature-header.ts';
import { extractSignatureParts } from '../../../../sdk/typescript/src/verify/signature-parts.ts';

/** What was found about one part of a request. */
export type Finding = { part: string; state: 'good' | 'bad' | 'unknown'; text: string };

export type RequestToCheck = {
  /** As they stand in a log: `name: value`, one a line. */
  headers: string;
  body: string;
  secret: string;
  now: number;
};

const TOLERANCE_S = 300;

/** Says part by part what is right and what is not. Everything is computed here: nothing is sent. */
export function checkRequest({ headers, body, secret, now }: RequestToCheck, signing: Signing): Finding[] {
  const { signature, id, timestamp } = extractSignatureParts({ headers: headersIn(headers) }, signing);
  const key = keyOf(secret, signing);
  const findings: Finding[] = [];
  const names = Object.fromEntries(
    Object.entries(signing.headers).map(([name, template]) => [template, name]),
  );
  if (typeof key === 'string') findings.push({ part: 'Secret', state: 'bad', text: key });
  if (!signature) {
    const name = names.$signature ?? 'the signature';
    findings.push({ part: 'Signature', state: 'bad', text: `The header ${name} is missing.` });
    return findings;
  }
  const parsed = parseSignatureHeader(signature, signing);
  if (!parsed) {
    const text = `It does not have the form ${signing.signature.format}: it may have been cut.`;
    findings.push({ part: 'Signature', state: 'bad', text });
    return findings;
  }
  const { content } = signing.signature;
  const sentAt = parsed.sentAt ?? timestamp;
  if (content === '$id.$sentAt.$body' && !id)
    findings.push({ part: 'Id', state: 'bad', text: `The header ${names.$id ?? 'with the id'} is missing.` });
  if (content !== '$body') findings.push(ageOf(sentAt, now));
  if (
    typeof key === 'string' ||
    findings.some(({ part, text }) => part !== 'Time' && text.endsWith('missing.'))
  )
    return findings;

  const prefix = { $body: '', '$sentAt.$body': `${sentAt}.`, '$id.$sentAt.$body': `${id}.${sentAt}.` }[
    content
  ];
  const signs = (candidate: string): boolean => {
    const signed = new TextEncoder().encode(prefix + candidate);
    const digest = encodeDigest(hmac(signing.signature.algorithm, key, signed), signing.signature.encoding);
    return parsed.digests.includes(digest);
  };
  return [...findings, ...matchOf(body, signs)];
}

/** Bodies that look like the one that was signed, and what happened to it on the way. */
const CHANGES: [text: string, change: (body: string) => string | undefined][] = [
  [
    'The signature is right for the body without the line break at its end.',
    (body) => body.replace(/\r?\n$/, ''),
  ],
  ['The signature is right for the body with a line break at its end.', (body) => `${body}\n`],
  ['The signature is right for the body without the spaces around it.', (body) => body.trim()],
  ['Line breaks were changed: the body was signed with \\n.', (body) => body.replaceAll('\r\n', '\n')],
  ['Line breaks were changed: the body was signed with \\r\\n.', (body) => body.replaceAll(/\r?\n/g, '\r\n')],
  [
    'The body was parsed and written again: the signature is right for it without spaces. Check the raw body.',
    (body) => reserialised(body),
  ],
];

function matchOf(body: string, signs: (candidate: string) => boolean): Finding[] {
  if (signs(body)) {
    return [
      { part: 'Body', state: 'good', text: 'It is what was signed, byte for byte.' },
      { part: 'Signature', state: 'good', text: 'It was made with this secret.' },
    ];
  }
  const found = CHANGES.find(([, change]) => {
    const candidate = change(body);
    return candidate !== undefined && candidate !== body && signs(candidate);
  });
  if (found) {
    return [
      { part: 'Body', state: 'bad', text: found[0] },
      { part: 'Signature', state: 'good', text: 'It was made with this secret.' },
    ];
  }
  const text =
    'It fits neither the body with this secret, nor a body that was only formatted anew. Either the secret is another one, or the body, the id or the time was changed.';
  return [{ part: 'Signature', state: 'bad', text }];
}

function ageOf(sentAt: string | undefined, now: number): Finding {
  if (!sentAt) return { part: 'Time', state: 'bad', text: 'The time is missing.' };
  if (!/^\d{1,12}$/.test(sentAt))
    return { part: 'Time', state: 'bad', text: 'The time is not a number of whole seconds.' };
  const age = Math.round(now / 1_000 - Number(sentAt));
  if (age > TOLERANCE_S) {
    const text = `It was sent ${age.toLocaleString()} s ago: a receiver refuses what is older than ${TOLERANCE_S} s.`;
    return { part: 'Time', state: 'unknown', text };
  }
  if (age < -TOLERANCE_S)
    return { part: 'Time', state: 'bad', text: 'It lies in the future: one of the clocks is wrong.' };
  return { part: 'Time', state: 'good', text: 'It was sent less than five minutes ago.' };
}

/** The key; or, as text, what is wrong with the secret. */
function keyOf(secret: string, signing: Signing): Uint8Array | string {
  if (secret !== secret.trim()) return 'There is a space or a line break before or after it.';
  try {
    return decodeSecret(secret, signing.secret);
  } catch (error) {
    return error instanceof Error ? `${error.message.charAt(0).toUpperCase()}${error.message.slice(1)}.` : '';
  }
}

function reserialised(body: string): string | undefined {
  try {
    return JSON.stringify(JSON.parse(body));
  } catch {
    return undefined;
  }
}

/** Also as `curl -v` and browsers write them. */
export function headersIn(text: string): Record<string, string> {
  const lines = text
    .split('\n')
    .map((line) => line.replace(/^\s*[<>]?\s*(-H\s+)?['"]?/, '').replace(/['"]?\s*\\?\s*$/, ''));
  return Object.fromEntries(
    lines.flatMap((line) => {
      const colon = line.indexOf(':');
      return colon > 0 ? [[line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()]] : [];
    }),
  );
}
