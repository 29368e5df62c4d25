import { createCipheriv, createDecipheriv, createHash, createHmac, hkdfSync, randomBytes } from 'node:crypto';

/** Where a sealed value is stored. It cannot be opened for another row or column, so copying it reveals nothing. */
export type EncryptionContext = { project: string; recordId: string; column: string };

export type SecretBox = {
  seal(plain: string, context: EncryptionContext): Buffer;
  /** Throws UnknownKey or Tampered. */
  open(sealed: Buffer, context: EncryptionContext): string;
  /** Returns the HMAC-SHA-256 of a text under each key, the newest key first. */
  macsOf(text: string): Buffer[];
};

/** The value was sealed with a key that is no longer in POSTHORN_ENCRYPTION_KEYS. */
export class UnknownKey extends Error {
  constructor(keyId: string) {
    super(
      `no encryption key has the id ${keyId}: add the key that was taken out of POSTHORN_ENCRYPTION_KEYS`,
    );
    this.name = 'UnknownKey';
  }
}

/** The bytes were changed, truncated, or copied from another row or column. */
export class Tampered extends Error {
  constructor({ project, recordId, column }: EncryptionContext) {
    super(`a sealed value does not belong here: ${column} of ${recordId} in project ${project}`);
    this.name = 'Tampered';
  }
}

const VERSION = 1;
const KEY_BYTES = 32;
const KEY_ID_BYTES = 4;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const HEADER_BYTES = 1 + KEY_ID_BYTES;
const OVERHEAD_BYTES = HEADER_BYTES + NONCE_BYTES + TAG_BYTES;

const keyId = (key: Buffer): Buffer => createHash('sha256').update(key).digest().subarray(0, KEY_ID_BYTES);

/** Prefixes each part with its length; otherwise `a` + `bc` would equal `ab` + `c`. */
function additionalData(header: Buffer, { project, recordId, column }: EncryptionContext): Buffer {
  const parts = [project, recordId, column].flatMap((part) => {
    const bytes = Buffer.from(part, 'utf8');
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    return [length, bytes];
  });
  return Buffer.concat([header, ...parts]);
}

/**
 * Seals short texts with AES-256-GCM: version, id of the key, nonce, tag, ciphertext. The first of `keys` (32
 * bytes each) seals; all of them open. Throws if there is no key or if a key has another length. With random nonces, a
 * key may seal 2^32 values (NIST SP 800-38D, 8.3).
 */
export function createSecretBox(keys: Buffer[]): SecretBox {
  const [first] = keys;
  if (!first) throw new Error('no encryption key');
  if (keys.some((key) => key.length !== KEY_BYTES)) throw new Error('an encryption key is not 32 bytes long');
  const keysById = new Map(keys.map((key) => [keyId(key).toString('hex'), key]));
  // Derived, so that a MAC reveals nothing about the encryption key.
  const macKeys = keys.map((key) => Buffer.from(hkdfSync('sha256', key, '', 'posthorn stamp', KEY_BYTES)));
  const sealingHeader = Buffer.concat([Buffer.of(VERSION), keyId(first)]);

  return {
    seal(plain, context) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', first, nonce);
      cipher.setAAD(additionalData(sealingHeader, context));
      const sealed = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()]);
      return Buffer.concat([sealingHeader, nonce, cipher.getAuthTag(), sealed]);
    },

    open(sealed, context) {
      if (sealed.length < OVERHEAD_BYTES || sealed[0] !== VERSION) throw new Tampered(context);
      const header = sealed.subarray(0, HEADER_BYTES);
      const id = header.subarray(1).toString('hex');
      const key = keysById.get(id);
      if (!key) throw new UnknownKey(id);

      const nonce = sealed.subarray(HEADER_BYTES, HEADER_BYTES + NONCE_BYTES);
      const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
      decipher.setAAD(additionalData(header, context));
      decipher.setAuthTag(sealed.subarray(HEADER_BYTES + NONCE_BYTES, OVERHEAD_BYTES));
      try {
        return decipher.update(sealed.subarray(OVERHEAD_BYTES), undefined, 'utf8') + decipher.final('utf8');
      } catch {
        throw new Tampered(context);
      }
    },

    macsOf: (text) => macKeys.map((key) => createHmac('sha256', key).update(text).digest()),
  };
}
