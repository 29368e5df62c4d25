import type { Signing } from '../../../../sdk/typescript/src/models.ts';
import { decodeSecret } from '../../../../sdk/typescript/src/verify/decode-secret.ts';
import { encodeDigest } from '../../../../sdk/typescript/src/verify/digest.ts';
import { hmac } from '../../../../sdk/typescript/src/verify/hmac.ts';
import { parseSignatureHeader } from '../../../../sdk/typescript/src/verify/signature-header.ts';
import { extractSignatureParts } from '../../../../sdk/typescript/src/verify/signature-parts.ts';
import { BODY_CHANGES } from './body-changes.ts';

/** What was found about one part of a request. `unknown`: it need not be wrong. */
export type Finding = { part: string; state: 'good' | 'bad' | 'unknown'; text: string };

export type CheckResult = {
  /** `other_body`: the signature is right for a body like the one given. `unchecked`: something is missing to compute it. */
  verdict: 'right' | 'other_body' | 'wrong' | 'unchecked';
  /** What is certain. */
  findings: Finding[];
  /** What may be the reason, the most usual first. None of it has been found. */
  likely: string[];
};

export type RequestToCheck = {
  /** As they stand in a log: `name: value`, one a line. */
  headers: string;
  body: string;
  secret: string;
  now: number;
};

const TOLERANCE_S = 300;

/** Says part by part what is right and what is not. Everything is computed here: nothing is sent. */
export function checkRequest({ headers, body, secret, now }: RequestToCheck, signing: Signing): CheckResult {
  const { signature, id, timestamp } = extractSignatureParts({ headers: headersIn(headers) }, signing);
  const { content, format, algorithm, encoding } = signing.signature;
  const key = keyOf(secret, signing);
  const parsed = signature ? parseSignatureHeader(signature, signing) : undefined;
  const sentAt = parsed?.sentAt ?? timestamp;
  const signsId = content === '$id.$sentAt.$body';

  const findings: Finding[] = [];
  const bad = (part: string, text: string): void => void findings.push({ part, state: 'bad', text });
  if (typeof key === 'string') bad('Secret', key);
  if (!signature) bad('Signature', `The header ${headerOf('$signature', signing)} is missing.`);
  else if (!parsed) bad('Signature', `It does not have the form ${format}: it may have been cut.`);
  else {
    if (signsId && !id) bad('Id', `The header ${headerOf('$id', signing)} is missing.`);
    if (content !== '$body') findings.push(ageOf(sentAt, now));
  }
  if (typeof key === 'string' || !parsed || (signsId && !id) || (content !== '$body' && !sentAt))
    return { verdict: 'unchecked', findings, likely: [] };

  const prefix = { $body: '', '$sentAt.$body': `${sentAt}.`, '$id.$sentAt.$body': `${id}.${sentAt}.` }[
    content
  ];
  const signs = (candidate: string): boolean => {
    const signed = new TextEncoder().encode(prefix + candidate);
    return parsed.digests.includes(encodeDigest(hmac(algorithm, key, signed), encoding));
  };
  const { findings: ofBody, ...result } = matchOf(body, signs, signing);
  return { ...result, findings: [...findings, ...ofBody] };
}

/** The name of the header that has this part. */
const headerOf = (variable: string, { headers }: Signing): string =>
  Object.entries(headers).find(([, template]) => template === variable)?.[0] ??
  (variable === '$id' ? 'with the id' : 'with the signature');

const MADE_WITH_SECRET: Finding = {
  part: 'Signature',
  state: 'good',
  text: 'It was made with this secret.',
};

function matchOf(body: string, signs: (candidate: string) => boolean, signing: Signing): CheckResult {
  if (signs(body)) {
    const text = 'It is what was signed, byte for byte.';
    return {
      verdict: 'right',
      findings: [{ part: 'Body', state: 'good', text }, MADE_WITH_SECRET],
      likely: [],
    };
  }
  const fitting = BODY_CHANGES.find(({ change }) => {
    const candidate = change(body);
    return candidate !== undefined && candidate !== body && signs(candidate);
  });
  if (fitting) {
    const { found, likely } = fitting;
    return {
      verdict: 'other_body',
      findings: [{ part: 'Body', state: 'bad', text: found }, MADE_WITH_SECRET],
      likely: [likely],
    };
  }
  return { verdict: 'wrong', findings: unexplained(body), likely: reasonsFor(body, signing) };
}

/** What was compared. A body can be written in more ways than can be tried. */
function unexplained(body: string): Finding[] {
  const text =
    'It fits none of the bodies that were tried with this secret: this one, and the same with other line breaks, with other spaces between its parts, and written again by JavaScript.';
  const findings: Finding[] = [{ part: 'Signature', state: 'bad', text }];
  if (!isJson(body))
    findings.unshift({ part: 'Body', state: 'unknown', text: 'It is not JSON. A part may be missing.' });
  return findings;
}

function reasonsFor(body: string, { signature: { content } }: Signing): string[] {
  const reasons = [
    'The secret is that of another endpoint, or it was rotated after this request.',
    'The body was parsed and written again. That can change numbers, escapes and the order of members, which nobody can undo: check the raw body, as it came.',
  ];
  if (content !== '$body') {
    const parts = content === '$id.$sentAt.$body' ? 'The id, the time' : 'The time';
    reasons.push(`${parts} or the signature is that of another request.`);
  }
  // Without a whole body nothing else can be right.
  return isJson(body) ? reasons : ['The body was cut when it was logged or copied.', ...reasons];
}

const isJson = (body: string): boolean => {
  try {
    JSON.parse(body);
    return true;
  } catch {
    return false;
  }
};

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
