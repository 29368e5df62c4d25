import { connect, type Socket } from 'node:net';
import { type Failure, failureOf, isResourceExhaustion, timedOut } from '../failure.ts';
import { familyOf } from '../target-url.ts';
import {
  CONNECTION_ATTEMPT_DELAY_MS,
  MAX_ADDRESSES_PER_DIAL,
  msUntil,
  type SpareSockets,
} from './dial-limits.ts';

export type ConnectResult =
  | { kind: 'connected'; socket: Socket }
  | { kind: 'failed'; failure: Failure }
  /** The process has no socket left: nothing was sent, and the receiver is not to blame. */
  | { kind: 'no_socket' };

export type Candidates = {
  /** Allowed ones alone: each is dialed as it stands here. */
  addresses: string[];
  /** Those of the other family where its answer is still on its way; empty when none comes. */
  laterAddresses?: Promise<string[]> | undefined;
  port: number;
};

/**
 * The first connection that one of the addresses accepts (RFC 8305, Happy Eyeballs): an address that has not answered
 * after 250 ms goes on beside the next, and one that fails makes room for the next at once. So a dead address costs a
 * live one no time, and a slow handshake has all the time until `deadlineAt`, on the clock of performance.now(). The
 * sockets that lose are destroyed.
 */
export function connectToFirst(
  { addresses, laterAddresses, port }: Candidates,
  spare: SpareSockets,
  deadlineAt: number,
): Promise<ConnectResult> {
  return new Promise((resolve) => {
    const queue = alternating(addresses);
    const attempts = new Set<Socket>();
    const errors: unknown[] = [];
    let moreToCome = laterAddresses !== undefined;
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
        if (attempts.size === 0 && !moreToCome) end(endOf(errors));
        return;
      }
      if (attempts.size === 0 || spare.remaining > 0) {
        const socket = connect({ host: queue.shift()!, port, noDelay: true });
        add(socket);
        // The first of these stays for life: between two users of a socket an error unheard would end the process.
        socket.on('error', (error) => failed(socket, error));
        socket.once('close', () => failed(socket, Object.assign(new Error(), { code: 'ECONNRESET' })));
        // After a stall of this process the connection may be older than the deadline.
        socket.once('connect', () =>
          performance.now() < deadlineAt ? end({ kind: 'connected', socket }) : expire(),
        );
      }
      if (queue.length > 0) nextTimer = setTimeout(tryNext, CONNECTION_ATTEMPT_DELAY_MS);
    };

    tryNext();
    void laterAddresses?.then((found) => {
      moreToCome = false;
      if (ended) return;
      const nobodyWaits = queue.length === 0;
      queue.push(...alternating(found));
      if (attempts.size === 0) tryNext();
      else if (nobodyWaits) nextTimer = setTimeout(tryNext, CONNECTION_ATTEMPT_DELAY_MS);
    });
  });
}

/** Families in turn, that of the first address first: where one family has no route, the other is next. */
function alternating(addresses: string[]): string[] {
  const family = familyOf(addresses[0] ?? '');
  const first = addresses.filter((address) => familyOf(address) === family).slice(0, MAX_ADDRESSES_PER_DIAL);
  const second = addresses.filter((address) => familyOf(address) !== family).slice(0, MAX_ADDRESSES_PER_DIAL);
  const pairs = Array.from({ length: MAX_ADDRESSES_PER_DIAL }, (_, place) => [
    first[place] ?? [],
    second[place] ?? [],
  ]);
  return pairs.flat(2).slice(0, MAX_ADDRESSES_PER_DIAL);
}

const WITHOUT_ROUTE = ['ENETUNREACH', 'EHOSTUNREACH', 'EADDRNOTAVAIL', 'EAFNOSUPPORT'];

/** What an address with a route said tells a customer more than that another one has none. */
function endOf(errors: unknown[]): ConnectResult {
  if (errors.some(isResourceExhaustion)) return { kind: 'no_socket' };
  const failures = errors.map((error) => failureOf(error, 'connect'));
  const told = failures.find(({ error }) => !WITHOUT_ROUTE.includes(error.code)) ?? failures[0]!;
  return { kind: 'failed', failure: told };
}
