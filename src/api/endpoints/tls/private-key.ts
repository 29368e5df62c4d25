import { createPrivateKey, type KeyObject, sign, verify, type X509Certificate } from 'node:crypto';
import { pemBlocks, refused } from './pem.ts';

const POINTER = '/tls/clientCertificate/privateKey';
/** A signature with a longer RSA key would take more than 10 ms of the main thread for each connection. */
const RSA_BITS = { min: 2_048, max: 4_096 };
const CURVES = ['prime256v1', 'secp384r1', 'secp521r1'];
const KINDS =
  'must be an RSA key of 2,048 to 4,096 bits, an ECDSA key with P-256, P-384 or P-521, or an Ed25519 key';

/** Parses a private key. Throws invalid_body for one that cannot be used, without any part of its text. */
export function parsePrivateKey(text: string): KeyObject {
  // `openssl ecparam -genkey` writes the name of the curve before the key.
  const blocks = pemBlocks(text).filter(({ label }) => label !== 'EC PARAMETERS');
  const [block] = blocks;
  if (!block || blocks.length > 1 || !block.label.endsWith('PRIVATE KEY'))
    throw refused(POINTER, 'must be PEM text with one private key and nothing else');
  if (block.label === 'ENCRYPTED PRIVATE KEY' || /^Proc-Type:.*ENCRYPTED/m.test(block.text))
    throw refused(POINTER, 'is encrypted: decrypt it first, for example with "openssl pkey"');
  let key: KeyObject;
  try {
    key = createPrivateKey(block.text);
  } catch {
    throw refused(POINTER, 'cannot be read as a private key');
  }
  if (!isSupported(key)) throw refused(POINTER, KINDS);
  return key;
}

function isSupported({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): boolean {
  const { modulusLength = 0, namedCurve = '' } = asymmetricKeyDetails ?? {};
  if (asymmetricKeyType === 'rsa') return modulusLength >= RSA_BITS.min && modulusLength <= RSA_BITS.max;
  if (asymmetricKeyType === 'ec') return CURVES.includes(namedCurve);
  return asymmetricKeyType === 'ed25519';
}

/** Throws invalid_body unless the certificate verifies what the key signs. */
export function requireKeyOf(certificate: X509Certificate, key: KeyObject): void {
  if (!isKeyOf(certificate, key))
    throw refused(POINTER, 'is not the key of the first certificate in tls.clientCertificate.certificate');
}

function isKeyOf(certificate: X509Certificate, key: KeyObject): boolean {
  const sample = Buffer.from('a signature shows that the two belong together');
  const algorithm = key.asymmetricKeyType === 'ed25519' ? null : 'sha256';
  try {
    return (
      certificate.checkPrivateKey(key) &&
      verify(algorithm, sample, certificate.publicKey, sign(algorithm, sample, key))
    );
  } catch {
    return false;
  }
}
