import { type IncomingHttpHeaders, request } from 'node:http';
import type { Socket } from 'node:net';
import { msUntil } from '../deadline.ts';

/** How the proxy answered a CONNECT. */
export type TunnelAnswer =
  | { kind: 'answered'; statusCode: number; headers: IncomingHttpHeaders }
  | { kind: 'timed_out' }
  /** The connection ended before a response, or what came is not HTTP. */
  | { kind: 'no_response' };

/**
 * Asks a proxy on its connection for a tunnel (RFC 9110 section 9.3.6). After an answer with a 2xx status, the socket is
 * connected to the receiver; bytes that the receiver has already sent are the first to be read.
 */
export function requestTunnel(
  socket: Socket,
  authority: string,
  authorization: string | undefined,
  deadlineAt: number,
): Promise<TunnelAnswer> {
  return new Promise((resolve) => {
    const connect = request({
      method: 'CONNECT',
      path: authority,
      headers: {
        host: authority,
        ...(authorization !== undefined && { 'proxy-authorization': authorization }),
        // Without an agent, node:http would ask the proxy to close the connection.
        connection: 'keep-alive',
      },
      createConnection: () => socket,
    });
    const end = (answer: TunnelAnswer): void => {
      clearTimeout(timer);
      resolve(answer);
    };
    const expire = (): void => {
      end({ kind: 'timed_out' });
      connect.destroy();
    };
    const timer = setTimeout(expire, msUntil(deadlineAt));
    // Never removed: an error without a listener would end the process.
    connect.on('error', () => end({ kind: 'no_response' }));
    connect.once('close', () => end({ kind: 'no_response' }));
    connect.once('connect', ({ statusCode = 0, headers }, _socket, early) => {
      if (early.length > 0) socket.unshift(early);
      end({ kind: 'answered', statusCode, headers });
    });
    connect.end();
  });
}
