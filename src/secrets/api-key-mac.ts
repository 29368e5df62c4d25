import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { SecretBox } from './secret-box.ts';

/** Keys of projects and consumers, codes that sign in to the dashboard, and those of links to the portal. */
export type KeyKind = 'ph' | 'phc' | 'psc' | 'plc';
type MacsOf = SecretBox['macsOf'];

const RANDOM_BYTES = 20;
const MAC_BYTES = 12;
const FORM = /^(?:phc?|psc|plc)_[\w-]{43}$/;

/** Returns a new key or code that ends with a MAC over the rest, so that invented keys are rejected without a database query. */
export function createKeyWithMac(kind: KeyKind, macsOf: MacsOf): string {
  const random = randomBytes(RANDOM_BYTES);
  const mac = macsOf(`${kind}_${random.toString('base64url')}`)[0]!.subarray(0, MAC_BYTES);
  return `${kind}_${Buffer.concat([random, mac]).toString('base64url')}`;
}

/** Whether the key was created with one of the encryption keys. It may have been deleted since. */
export function hasValidMac(key: string, macsOf: MacsOf): boolean {
  if (!FORM.test(key)) return false;
  const [kind = '', text = ''] = splitAtFirst(key, '_');
  const bytes = Buffer.from(text, 'base64url');
  const random = bytes.subarray(0, RANDOM_BYTES);
  const mac = bytes.subarray(RANDOM_BYTES);
  return macsOf(`${kind}_${random.toString('base64url')}`).some((expected) =>
    timingSafeEqual(expected.subarray(0, MAC_BYTES), mac),
  );
}

const splitAtFirst = (text: string, separator: string): [string, string] => {
  const index = text.indexOf(separator);
  return [text.slice(0, index), text.slice(index + 1)];
};
