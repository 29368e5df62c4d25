import { connect, type Socket } from 'node:net';
import { msUntil } from '../deadline.ts';
import { type Failure, failureOf, isResourceExhaustion, timedOut } from '../failure.ts';
import { familyOf } from '../target-url.ts';

export type ConnectResult =
  /** `address`: the receiver's, if the socket is connected to a proxy. */
  | { kind: 'connected'; socket: Socket; address?: string }
  | { kind: 'failed'; failure: Failure }
  /** The proxy failed: nothing was sent, and the receiver is not at fault. `forMs`: for how long it has been failing. */
  | { kind: 'proxy_failed'; forMs: number }
  /** The process has no socket left: nothing was sent, and the receiver is not at fault. */
  | { kind: 'no_socket' };

export type Candidates = {
  /** The addresses to dial. The guard must have allowed each of them. */
  addresses: string[];
  /** The allowed addresses of the other family, if their lookup is still pending. */
  laterAddresses?: Promise<string[]> | undefined;
  port: number;
};

/**
 * Sockets of the process for second and further addresses that are tried in parallel with the first. When none remains,
 * a dial tries its next address only after the previous one has failed.
 */
export type SpareSockets = { remaining: number };

/** RFC 8305 section 5, "Connection Attempt Delay": how long to wait before the next address is tried in parallel. */
const CONNECTION_ATTEMPT_DELAY_MS = 250;

/** A name server may return hundreds of unresponsive addresses: one dial must not open a socket for each. */
const MAX_ADDRESSES_PER_DIAL = 8;

/**
 * The first connection that one of the addresses accepts (RFC 8305, Happy Eyeballs). If an address has not accepted
 * after 250 ms, the next one is tried in parallel; if an address fails, the next one is tried immediately. So a dead
 * address hardly delays a live one, and a slow handshake may take until `deadlineAt`, in milliseconds on the clock of
 * performance.now(). All other sockets are destroyed.
 */
export function connectToFirst(
  { addresses, laterAddresses, port }: Candidates,
  spare: SpareSockets,
  deadlineAt: number,
): Promise<ConnectResult> {
  return new Promise((resolve) => {
    const queue = alternateFamilies(addresses);
    const attempts = new Set<Socket>();
    const errors: unknown[] = [];
    let isLookupPending = laterAddresses !== undefined;
    let nextTimer: NodeJS.Timeout | undefined;
    let ended = false;

    const end = (result: ConnectResult): void => {
      if (ended) return;
      ended = true;
      clearTimeout(nextTimer);
      clearTimeout(deadlineTimer);
      for (const socket of attempts) {
        remove(socket);
        if (result.kind !== 'connected' || socket !== result.socket) socket.destroy();
      }
      resolve(result);
    };
    const expire = (): void => end({ kind: 'failed', failure: timedOut('connect') });
    const deadlineTimer = setTimeout(expire, msUntil(deadlineAt));

    const add = (socket: Socket): void => {
      if (attempts.size > 0) spare.remaining--;
      attempts.add(socket);
    };
    const remove = (socket: Socket): boolean => {
      if (!attempts.delete(socket)) return false;
      if (attempts.size > 0) spare.remaining++;
      return true;
    };
    const failed = (socket: Socket, error: unknown): void => {
      if (!remove(socket)) return;
      errors.push(error);
      socket.destroy();
      if (!ended) tryNext();
    };

    const tryNext = (): void => {
      clearTimeout(nextTimer);
      if (queue.length === 0) {
        if (attempts.size === 0 && !isLookupPending) end(resultOf(errors));
        return;
      }
      if (attempts.size === 0 || spare.remaining > 0) {
        const socket = connect({ host: queue.shift()!, port, noDelay: true });
        add(socket);
        // This listener is never removed: an error without a listener would end the process.
        socket.on('error', (error) => failed(socket, error));
        socket.once('close', () => failed(socket, Object.assign(new Error(), { code: 'ECONNRESET' })));
        // If this process stalled, the connection may have been accepted after the deadline.
        socket.once('connect', () =>
          performance.now() < deadlineAt ? end({ kind: 'connected', socket }) : expire(),
        );
      }
      if (queue.length > 0) nextTimer = setTimeout(tryNext, CONNECTION_ATTEMPT_DELAY_MS);
    };

    tryNext();
    void laterAddresses?.then((found) => {
      isLookupPending = false;
      if (ended) return;
      const wasQueueEmpty = queue.length === 0;
      queue.push(...alternateFamilies(found));
      if (attempts.size === 0) tryNext();
      else if (wasQueueEmpty) nextTimer = setTimeout(tryNext, CONNECTION_ATTEMPT_DELAY_MS);
    });
  });
}

/** Alternates the families, beginning with that of the first address, because one family may have no route at all. */
export function alternateFamilies(addresses: string[]): string[] {
  const family = familyOf(addresses[0] ?? '');
  const first = addresses.filter((address) => familyOf(address) === family).slice(0, MAX_ADDRESSES_PER_DIAL);
  const second = addresses.filter((address) => familyOf(address) !== family).slice(0, MAX_ADDRESSES_PER_DIAL);
  const pairs = Array.from({ length: MAX_ADDRESSES_PER_DIAL }, (_, index) => [
    first[index] ?? [],
    second[index] ?? [],
  ]);
  return pairs.flat(2).slice(0, MAX_ADDRESSES_PER_DIAL);
}

const NO_ROUTE_CODES = ['ENETUNREACH', 'EHOSTUNREACH', 'EADDRNOTAVAIL', 'EAFNOSUPPORT'];

/** Prefers the failure of an address that has a route: it tells a customer more than a missing route does. */
function resultOf(errors: unknown[]): ConnectResult {
  if (errors.some(isResourceExhaustion)) return { kind: 'no_socket' };
  const failures = errors.map((error) => failureOf(error, 'connect'));
  const failure = failures.find(({ error }) => !NO_ROUTE_CODES.includes(error.code)) ?? failures[0]!;
  return { kind: 'failed', failure };
}
