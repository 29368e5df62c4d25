import { isIP, type Socket } from 'node:net';
import { connect, type PeerCertificate, type TLSSocket } from 'node:tls';
import { msUntil } from '../deadline.ts';

export type Certificate = {
  /** The common name, or the organization if there is none. */
  subject: string;
  issuer: string;
  /** The names for which it is valid, as in the certificate: `DNS:example.com, IP Address:192.0.2.1`. */
  names: string;
  validFrom: Date;
  validTo: Date;
};

/** A chain cannot be longer, or it loops. */
const MAX_LENGTH = 10;

/** The certificates of a connection: that of the server first, the root last if it is known. */
export function certificateChain(socket: TLSSocket): Certificate[] {
  const chain: Certificate[] = [];
  const seen = new Set<string>();
  // An empty object if the connection has been closed.
  let current: PeerCertificate & { issuerCertificate?: PeerCertificate } = socket.getPeerCertificate(true);
  while (current?.valid_to && !seen.has(current.fingerprint256) && chain.length < MAX_LENGTH) {
    seen.add(current.fingerprint256);
    chain.push({
      subject: nameOf(current.subject),
      issuer: nameOf(current.issuer),
      names: current.subjectaltname ?? '',
      validFrom: new Date(current.valid_from),
      validTo: new Date(current.valid_to),
    });
    if (!current.issuerCertificate) break;
    current = current.issuerCertificate;
  }
  return chain;
}

function nameOf(name: PeerCertificate['subject'] | undefined): string {
  const { CN, O } = name ?? {};
  return [CN ?? O ?? 'a name that is empty'].flat().join(' ');
}

/**
 * The certificates that a server shows, trusted or not. For a server whose certificate was refused: nothing is sent to it
 * over this connection, which is closed. An empty array if the handshake fails by `deadlineAt`.
 */
export function shownCertificates(plain: Socket, host: string, deadlineAt: number): Promise<Certificate[]> {
  const socket = connect({
    socket: plain,
    host,
    ...(isIP(host) ? {} : { servername: host }),
    ALPNProtocols: ['http/1.1'],
    rejectUnauthorized: false,
  });
  return new Promise((resolve) => {
    const end = (chain: Certificate[]): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(chain);
    };
    const timer = setTimeout(() => end([]), msUntil(deadlineAt));
    socket.on('error', () => end([])).once('close', () => end([]));
    socket.once('secureConnect', () => end(certificateChain(socket)));
  });
}
