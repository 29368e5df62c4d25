import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { AddressGuard } from '../addresses/address-guard.ts';
import { isLocalhost } from '../addresses/host-name.ts';
import type { Lookup } from '../addresses/lookup.ts';
import { embedsIpv4 } from '../addresses/nat64.ts';
import {
  addressNotAllowed,
  type Failure,
  failureOf,
  isResourceExhaustion,
  ownAddress,
  speaksHttp2Only,
  timedOut,
} from '../failure.ts';
import { familyOf, type Origin } from '../target-url.ts';
import { msUntil, type SpareSockets } from './dial-limits.ts';
import { type ConnectResult, connectToFirst } from './happy-eyeballs.ts';

export type DialOptions = {
  guard: AddressGuard;
  lookup: Lookup;
  spareSockets: SpareSockets;
  certificateAuthorities?: string[] | undefined;
};

type Allowed = { addresses: string[]; later?: Promise<string[]> | undefined };

/**
 * Opens a connection to an address that the guard allows: the very addresses that were judged are dialed, since a
 * second lookup could answer differently. `deadlineAt` is on the clock of performance.now(), in milliseconds.
 */
export async function dial(origin: Origin, rules: DialOptions, deadlineAt: number): Promise<ConnectResult> {
  const allowed = await allowedAddresses(origin, rules, deadlineAt);
  if (!('addresses' in allowed)) return { kind: 'failed', failure: allowed };
  const connected = await connectToFirst({ ...allowed, port: origin.port }, rules.spareSockets, deadlineAt);
  if (connected.kind !== 'connected' || !origin.secure) return connected;
  return secured(connected.socket, origin.host, rules.certificateAuthorities, deadlineAt);
}

/** One address that is not allowed condemns the whole answer: an honest name has no reason to mix them. */
async function allowedAddresses(
  { host, port }: Origin,
  { guard, lookup }: DialOptions,
  deadlineAt: number,
): Promise<Allowed | Failure> {
  const allows = (address: string): boolean => guard.allows(address, familyOf(address) ?? 4);
  const isOwn = (address: string): boolean => guard.isOwnService(address, port);
  await before(deadlineAt, guard.refreshOwnServices(port));
  if (isIpv6(host)) await before(deadlineAt, guard.discoverNat64());
  if (familyOf(host) && !allows(host)) return addressNotAllowed;
  if (isOwn(host)) return ownAddress;
  if (familyOf(host)) return { addresses: [host] };
  let later: Promise<string[]> | undefined;
  const keepLater = (others: Promise<string[]>): void => {
    later = others.then(async (found) => {
      if (found.some(isIpv6)) await guard.discoverNat64();
      return found.every(allows) && !found.some(isOwn) ? found : [];
    });
  };
  try {
    const found = await before(deadlineAt, lookup(host, keepLater));
    if (!found) return timedOut('dns');
    if (found.some(isIpv6)) await before(deadlineAt, guard.discoverNat64());
    // Of the two addresses that localhost always has, the operator may have allowed only one.
    const addresses = isLocalhost(host) ? found.filter(allows) : withoutCopies(found, allows);
    if (addresses.length === 0 || !addresses.every(allows)) return addressNotAllowed;
    return addresses.some(isOwn) ? ownAddress : { addresses, later };
  } catch (error) {
    return failureOf(error, 'dns');
  }
}

const isIpv6 = (address: string): boolean => familyOf(address) === 6;

/**
 * A name server for NAT64 (DNS64, RFC 6147) adds to each IPv4 address its copy under the prefix of the network. Where
 * that may not be dialed the address itself still may.
 */
function withoutCopies(found: string[], allows: (address: string) => boolean): string[] {
  const ipv4 = found.filter((address) => familyOf(address) === 4 && allows(address));
  const isCopy = (address: string): boolean =>
    isIpv6(address) && ipv4.some((original) => embedsIpv4(address, original));
  return found.filter((address) => allows(address) || !isCopy(address));
}

async function before<T>(deadlineAt: number, result: Promise<T> | undefined): Promise<T | undefined> {
  if (!result) return undefined;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, msUntil(deadlineAt), undefined);
  });
  return Promise.race([result, late]).finally(() => clearTimeout(timer));
}

/** The connection in TLS, with a certificate that is trusted for `host`; one that is not is destroyed. */
function secured(
  plain: Socket,
  host: string,
  certificateAuthorities: string[] | undefined,
  deadlineAt: number,
): Promise<ConnectResult> {
  const socket = connectTls({
    socket: plain,
    host,
    // An address is no server name (RFC 6066 section 3); it is still compared with the certificate.
    ...(familyOf(host) ? {} : { servername: host }),
    ALPNProtocols: ['http/1.1'],
    ...(certificateAuthorities && { ca: certificateAuthorities }),
  });
  // For its whole life: between two users of a socket an error without a listener would end the process.
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
      // After a stall of this process the connection may be older than the deadline.
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
