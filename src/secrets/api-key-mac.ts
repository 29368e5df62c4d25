import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { SecretBox } from './secret-box.ts';

export type KeyKind = 'ph' | 'phc';
type MacsOf = SecretBox['macsOf'];

const RANDOM_BYTES = 20;
const MAC_BYTES = 12;
const FORM = /^phc?_[\w-]{43}$/;

/** A key that ends with a stamp of ours over the rest: what others make up is told without asking the database. */
export function createKeyWithMac(kind: KeyKind, stampsOf: MacsOf): string {
  const random = randomBytes(RANDOM_BYTES);
  const stamp = stampsOf(`${kind}_${random.toString('base64url')}`)[0]!.subarray(0, MAC_BYTES);
  return `${kind}_${Buffer.concat([random, stamp]).toString('base64url')}`;
}

/** Whether the key was made here, under any of the encryption keys. It may have been deleted since. */
export function hasValidMac(key: string, stampsOf: MacsOf): boolean {
  if (!FORM.test(key)) return false;
  const [kind = '', text = ''] = splitAtFirst(key, '_');
  const bytes = Buffer.from(text, 'base64url');
  const random = bytes.subarray(0, RANDOM_BYTES);
  const stamp = bytes.subarray(RANDOM_BYTES);
  return stampsOf(`${kind}_${random.toString('base64url')}`).some((ours) =>
    timingSafeEqual(ours.subarray(0, MAC_BYTES), stamp),
  );
}

const splitAtFirst = (text: string, separator: string): [string, string] => {
  const place = text.indexOf(separator);
  return [text.slice(0, place), text.slice(place + 1)];
};
