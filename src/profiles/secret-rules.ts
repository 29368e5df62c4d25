import { randomBytes } from 'node:crypto';
import { isBase64, type SecretKeyEncoding } from '../signing/secret-key.ts';
import type { Profile } from './profile.ts';

export type SecretRules = Pick<Profile['secret'], 'source' | 'returned' | 'min' | 'max'>;

export type CompiledSecret = {
  keyEncoding: SecretKeyEncoding;
  rules: SecretRules;
  generateSecret(): string;
  /** Describes the error in a provided secret, without quoting any part of it; undefined if it is acceptable. */
  secretProblem(text: string): string | undefined;
};

export function compileSecret({
  key,
  prefix,
  generated,
  min,
  max,
  source,
  returned,
}: Profile['secret']): CompiledSecret {
  const lengthProblem = (size: number, unit: string): string | undefined => {
    const formatCount = (count: number) => `${count} ${unit}${count === 1 ? '' : 's'}`;
    if (size < min) return `is shorter than ${formatCount(min)}`;
    return size > max ? `is longer than ${formatCount(max)}` : undefined;
  };

  const checkText = (text: string): string | undefined => {
    // A lone surrogate has no UTF-8 encoding, so two different secrets would become the same key.
    if (!text.isWellFormed()) return 'is not valid Unicode';
    // A secret may be as long as a request. A character has at most two UTF-16 units, so the start shows that it is too long.
    return lengthProblem([...text.slice(0, 2 * max + 2)].length, 'character');
  };

  const checkBase64 = (text: string): string | undefined => {
    if (!text.startsWith(prefix)) return `does not begin with ${prefix}`;
    const encoded = text.slice(prefix.length);
    if (!isBase64(encoded)) return `is not padded base64${prefix && ` after ${prefix}`}`;
    return lengthProblem(Buffer.byteLength(encoded, 'base64'), 'byte');
  };

  return {
    keyEncoding: key === 'utf8' ? { key } : { key, prefix },
    rules: { source, returned, min, max },
    generateSecret: () => prefix + randomBytes(generated.bytes).toString(generated.encoding),
    secretProblem: key === 'utf8' ? checkText : checkBase64,
  };
}
