import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const read = (name: string): string => readFileSync(join(__dirname, 'certificates', `${name}.pem`), 'utf8');

export type CertificateName =
  | 'trusted'
  | 'expired'
  | 'wrong-host'
  | 'self-signed'
  | 'private'
  | 'not-yet-valid';

/** What a TLS receiver of a test shows; see certificates/README.md. */
export const certificate = (name: CertificateName): { key: string; cert: string } => ({
  key: read('key'),
  cert: read(name),
});

/** The authority that a sender must trust to trust `trusted`. */
export const testAuthority = (): string => read('authority');

/** The one for `private` and `not-yet-valid`. */
export const privateRoot = (): string => read('private-root');

/** What a server must send beside `private`, so that a sender finds the way to the root. */
export const privateIntermediate = (): string => read('private-intermediate');
