import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export type IssuedCertificate = { certificate: string; privateKey: string };

export type ClientAuthority = {
  /** PEM. */
  certificate: string;
  /** Issues a certificate to a name, by default for a day. A negative number of days: it has expired. */
  issue(name: string, options?: { days?: number; key?: string[]; ca?: boolean }): IssuedCertificate;
  /** An authority below this one. */
  intermediate(name: string): ClientAuthority;
};

const EC = ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256'];

/** Makes an authority for client certificates with openssl, as an operator would. */
export function createClientAuthority(name = 'Test clients'): ClientAuthority {
  const { certificate, privateKey } = inFolder((run, read) => {
    const subject = ['-subj', `/O=Acme/CN=${name}`];
    run(
      'req',
      '-x509',
      '-newkey',
      ...EC,
      '-noenc',
      '-keyout',
      'key',
      '-out',
      'out',
      '-days',
      '9',
      ...subject,
    );
    return { certificate: read('out'), privateKey: read('key') };
  });
  return authorityOf(certificate, privateKey);
}

function authorityOf(certificate: string, authorityKey: string): ClientAuthority {
  const issue: ClientAuthority['issue'] = (name, { days = 1, key = EC, ca = false } = {}) =>
    inFolder((run, read, write) => {
      write('ca', certificate);
      write('ca-key', authorityKey);
      write('extensions', ca ? 'basicConstraints=critical,CA:TRUE\n' : 'extendedKeyUsage=clientAuth\n');
      run('req', '-newkey', ...key, '-noenc', '-keyout', 'key', '-out', 'request', '-subj', `/CN=${name}`);
      const signed = ['-CA', 'ca', '-CAkey', 'ca-key', '-days', String(days), '-extfile', 'extensions'];
      run('x509', '-req', '-in', 'request', ...signed, '-out', 'out');
      return { certificate: read('out'), privateKey: read('key') };
    });
  return {
    certificate,
    issue,
    intermediate: (name) => {
      const issued = issue(name, { ca: true });
      return authorityOf(issued.certificate, issued.privateKey);
    },
  };
}

function inFolder<T>(
  work: (
    run: (...args: string[]) => void,
    read: (name: string) => string,
    write: (name: string, text: string) => void,
  ) => T,
): T {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-certificates-'));
  try {
    return work(
      (...args) => void execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' }),
      (name) => readFileSync(join(folder, name), 'utf8'),
      (name, text) => writeFileSync(join(folder, name), text),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}
