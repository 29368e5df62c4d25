import { connect, type LookupFunction, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { AddressGuard } from './address-guard.ts';
import { blocked, type Failure, failureOf, isOwnShortage, type Phase, timedOut } from './failure.ts';
import type { Lookup } from './lookup.ts';
import { familyOf, isLocalhost, type Origin } from './target-url.ts';

export type Dialed =
  | { kind: 'connected'; socket: Socket }
  | { kind: 'failed'; failure: Failure }
  /** The process has no socket left: nothing was sent, and the receiver is not to blame. */
  | { kind: 'no_socket' };

export type DialRules = {
  guard: AddressGuard;
  lookup: Lookup;
  certificateAuthorities?: string[] | undefined;
};

/** How long one of several addresses may take before the next is tried. */
const NEXT_ADDRESS_AFTER_MS = 500;

/**
 * Opens a connection to an address that the guard allows: the very addresses that were judged are dialed, since a
 * second lookup could answer differently. `deadlineAt` is on the clock of performance.now(), in milliseconds.
 */
export async function dial(origin: Origin, rules: DialRules, deadlineAt: number): Promise<Dialed> {
  const addresses = await allowedAddresses(origin.host, rules, deadlineAt);
  if (!Array.isArray(addresses)) return { kind: 'failed', failure: addresses };

  const plain = connect({
    host: addresses[0]!,
    port: origin.port,
    noDelay: true,
    ...(addresses.length > 1 && {
      host: origin.host,
      lookup: answering(addresses),
      autoSelectFamily: true,
      autoSelectFamilyAttemptTimeout: NEXT_ADDRESS_AFTER_MS,
    }),
  });
  const connected = await untilReady(plain, 'connect', 'connect', deadlineAt);
  if (connected.kind !== 'connected' || !origin.secure) return connected;

  const secure = connectTls({
    socket: plain,
    host: origin.host,
    // An address is no server name (RFC 6066 section 3); it is still compared with the certificate.
    ...(familyOf(origin.host) ? {} : { servername: origin.host }),
    ALPNProtocols: ['http/1.1'],
    ...(rules.certificateAuthorities && { ca: rules.certificateAuthorities }),
  });
  return untilReady(secure, 'secureConnect', 'tls', deadlineAt);
}

/** One address that is not allowed condemns the whole answer: an honest name has no reason to mix them. */
async function allowedAddresses(
  host: string,
  { guard, lookup }: DialRules,
  deadlineAt: number,
): Promise<string[] | Failure> {
  const allows = (address: string): boolean => guard.allows(address, familyOf(address) ?? 4);
  if (familyOf(host)) return allows(host) ? [host] : blocked;
  try {
    const found = await before(deadlineAt, lookup(host));
    if (!found) return timedOut('dns');
    // Of the two addresses that localhost always has, the operator may have allowed only one.
    const candidates = isLocalhost(host) ? found.filter(allows) : found;
    return candidates.length > 0 && candidates.every(allows) ? candidates : blocked;
  } catch (error) {
    return failureOf(error, 'dns');
  }
}

async function before<T>(deadlineAt: number, result: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, deadlineAt - performance.now(), undefined);
  });
  return Promise.race([result, late]).finally(() => clearTimeout(timer));
}

const answering =
  (addresses: string[]): LookupFunction =>
  (_host, options, callback) => {
    const found = addresses.map((address) => ({ address, family: familyOf(address)! }));
    if (options.all) callback(null, found);
    else callback(null, found[0]!.address, found[0]!.family);
  };

/** Resolves when `socket` is ready, has failed, or the deadline has passed; a socket that is not ready is destroyed. */
function untilReady(
  socket: Socket,
  readyEvent: 'connect' | 'secureConnect',
  phase: Phase,
  deadlineAt: number,
): Promise<Dialed> {
  // For its whole life: between two users of a socket an error without a listener would end the process.
  socket.on('error', () => {});
  return new Promise((resolve) => {
    const end = (result: Dialed): void => {
      clearTimeout(timer);
      socket.off(readyEvent, onReady).off('error', onError).off('close', onClose);
      if (result.kind !== 'connected') socket.destroy();
      resolve(result);
    };
    const onReady = (): void =>
      // After a stall of this process the connection may be older than the deadline.
      end(performance.now() < deadlineAt ? { kind: 'connected', socket } : expired);
    const onError = (error: Error): void =>
      end(
        isOwnShortage(error) ? { kind: 'no_socket' } : { kind: 'failed', failure: failureOf(error, phase) },
      );
    const onClose = (): void => onError(Object.assign(new Error(), { code: 'ECONNRESET' }));
    const expired: Dialed = { kind: 'failed', failure: timedOut(phase) };
    const timer = setTimeout(() => end(expired), deadlineAt - performance.now());
    socket.once(readyEvent, onReady).once('error', onError).once('close', onClose);
  });
}
