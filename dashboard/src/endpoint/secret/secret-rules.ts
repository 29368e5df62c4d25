import type { Signing } from '../../../../sdk/typescript/src/models.ts';
import { decodeSecret } from '../../../../sdk/typescript/src/verify/decode-secret.ts';

type Rules = Signing['secret'];

/** The form of a secret, in words: what the API counts are bytes where the key is base64, and characters where it is text. */
export function secretForm({ key, prefix, min, max }: Rules): string {
  const count = min === max ? `${min}` : `${min} to ${max}`;
  if (key === 'utf8') return `${count} characters`;
  return `${count} bytes in base64${prefix && `, after ${prefix}`}`;
}

/** openssl breaks lines after it. */
const MAX_IN_ONE_LINE = 48;

/** How to make such a secret; undefined where any text will do. */
export function secretCommand({ key, prefix, min, max }: Rules): string | undefined {
  if (key === 'utf8' || min > MAX_IN_ONE_LINE) return undefined;
  const bytes = Math.max(min, Math.min(32, max));
  return prefix === '' ? `openssl rand -base64 ${bytes}` : `echo "${prefix}$(openssl rand -base64 ${bytes})"`;
}

/** What is wrong with a secret before it is sent, without quoting any of it; undefined if nothing. */
export function secretProblem(secret: string, rules: Rules): string | undefined {
  if (secret !== secret.trim() && rules.key !== 'utf8')
    return 'There is a space or a line break before or after it.';
  const length = lengthOf(secret, rules);
  if (typeof length === 'string') return length;
  if (length < rules.min) return `It is too short: it must have ${secretForm(rules)}.`;
  return length > rules.max ? `It is too long: it must have ${secretForm(rules)}.` : undefined;
}

/** In bytes or characters; or, as text, why it has none. */
function lengthOf(secret: string, rules: Rules): number | string {
  if (rules.key === 'utf8') return [...secret].length;
  if (!secret.startsWith(rules.prefix)) return `It must begin with ${rules.prefix}.`;
  try {
    return decodeSecret(secret, rules).length;
  } catch {
    return `It must have ${secretForm(rules)}. This is not base64 with its padding (=).`;
  }
}
