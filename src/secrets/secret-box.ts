import { createCipheriv, createDecipheriv, createHash, createHmac, hkdfSync, randomBytes } from 'node:crypto';

/** Where a sealed value belongs: read anywhere else it does not open, so a copied row gives nothing away. */
export type EncryptionContext = { project: string; owner: string; column: string };

export type SecretBox = {
  seal(plain: string, place: EncryptionContext): Buffer;
  /** Throws UnknownKey or Tampered. */
  open(sealed: Buffer, place: EncryptionContext): string;
  /** HMAC-SHA-256 of a text that others hand back to us, by each key, the newest first. */
  macsOf(text: string): Buffer[];
};

/** The value was sealed with a key that is not among POSTHORN_ENCRYPTION_KEYS any more. */
export class UnknownKey extends Error {
  constructor(keyId: string) {
    super(
      `no encryption key has the id ${keyId}: add the key that was taken out of POSTHORN_ENCRYPTION_KEYS`,
    );
    this.name = 'UnknownKey';
  }
}

/** The bytes were changed, cut, or moved here from another place. */
export class Tampered extends Error {
  constructor({ project, owner, column }: EncryptionContext) {
    super(`a sealed value does not belong here: ${column} of ${owner} in project ${project}`);
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

/** Each part with its length before it: `a` + `bc` must not read as `ab` + `c`. */
function additionalData(header: Buffer, { project, owner, column }: EncryptionContext): Buffer {
  const parts = [project, owner, column].flatMap((part) => {
    const bytes = Buffer.from(part, 'utf8');
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    return [length, bytes];
  });
  return Buffer.concat([header, ...parts]);
}

/**
 * Seals short texts with AES-256-GCM: version, id of the key, nonce, tag, ciphertext. The first of `keys` (32
 * bytes each) seals, all open. Throws when there is no key or one has another length. With random nonces a key
 * may seal 2^32 values (NIST SP 800-38D, 8.3).
 */
export function createSecretBox(keys: Buffer[]): SecretBox {
  const [first] = keys;
  if (!first) throw new Error('no encryption key');
  if (keys.some((key) => key.length !== KEY_BYTES)) throw new Error('an encryption key is not 32 bytes long');
  const keysById = new Map(keys.map((key) => [keyId(key).toString('hex'), key]));
  // Derived: what is made with a key for one purpose must tell nothing for another.
  const stampKeys = keys.map((key) => Buffer.from(hkdfSync('sha256', key, '', 'posthorn stamp', KEY_BYTES)));
  const sealingHeader = Buffer.concat([Buffer.of(VERSION), keyId(first)]);

  return {
    seal(plain, place) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', first, nonce);
      cipher.setAAD(additionalData(sealingHeader, place));
      const sealed = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()]);
      return Buffer.concat([sealingHeader, nonce, cipher.getAuthTag(), sealed]);
    },

    open(sealed, place) {
      if (sealed.length < OVERHEAD_BYTES || sealed[0] !== VERSION) throw new Tampered(place);
      const header = sealed.subarray(0, HEADER_BYTES);
      const id = header.subarray(1).toString('hex');
      const key = keysById.get(id);
      if (!key) throw new UnknownKey(id);

      const nonce = sealed.subarray(HEADER_BYTES, HEADER_BYTES + NONCE_BYTES);
      const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
      decipher.setAAD(additionalData(header, place));
      decipher.setAuthTag(sealed.subarray(HEADER_BYTES + NONCE_BYTES, OVERHEAD_BYTES));
      try {
        return decipher.update(sealed.subarray(OVERHEAD_BYTES), undefined, 'utf8') + decipher.final('utf8');
      } catch {
        throw new Tampered(place);
      }
    },

    macsOf: (text) => stampKeys.map((key) => createHmac('sha256', key).update(text).digest()),
  };
}
