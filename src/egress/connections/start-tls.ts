import type { Socket } from 'node:net';
import { connect as connectTls, type SecureContext } from 'node:tls';
import { msUntil } from '../deadline.ts';
import { type Failure, failureOf, isResourceExhaustion, speaksHttp2Only, timedOut } from '../failure.ts';
import { familyOf } from '../target-url.ts';
import type { ConnectResult } from './happy-eyeballs.ts';

/**
 * Starts TLS on a connection. The socket is destroyed unless its certificate is trusted for `host`. Without a
 * `secureContext`, the certificate authorities of Node.js are trusted.
 */
export function startTls(
  plain: Socket,
  host: string,
  secureContext: SecureContext | undefined,
  deadlineAt: number,
): Promise<ConnectResult> {
  const socket = connectTls({
    socket: plain,
    host,
    // RFC 6066 section 3 forbids addresses as server names. Node.js still checks them against the certificate.
    ...(familyOf(host) ? {} : { servername: host }),
    ALPNProtocols: ['http/1.1'],
    ...(secureContext && { secureContext }),
  });
  // This listener is never removed: an error without a listener would end the process.
  socket.on('error', () => {});
  return new Promise((resolve) => {
    const end = (result: ConnectResult): void => {
      clearTimeout(timer);
      socket.off('secureConnect', onSecure).off('error', onError).off('close', onClose);
      if (result.kind !== 'connected') socket.destroy();
      resolve(result);
    };
    const fail = (failure: Failure): void => end({ kind: 'failed', failure });
    const onSecure = (): void => {
      // If this process stalled, the handshake may have finished after the deadline.
      if (performance.now() >= deadlineAt) fail(timedOut('tls'));
      else if (socket.alpnProtocol === 'h2') fail(speaksHttp2Only);
      else end({ kind: 'connected', socket });
    };
    const onError = (error: Error): void =>
      isResourceExhaustion(error) ? end({ kind: 'no_socket' }) : fail(failureOf(error, 'tls'));
    const onClose = (): void => onError(Object.assign(new Error(), { code: 'ECONNRESET' }));
    const timer = setTimeout(() => fail(timedOut('tls')), msUntil(deadlineAt));
    socket.once('secureConnect', onSecure).once('error', onError).once('close', onClose);
  });
}
