import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { AddressGuard } from '../addresses/address-guard.ts';
import { isLocalhost } from '../addresses/host-name.ts';
import type { Lookup } from '../addresses/lookup.ts';
import { embedsIpv4 } from '../addresses/nat64.ts';
import { msUntil, resolveWithin } from '../deadline.ts';
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
import { type Candidates, type ConnectResult, connectToFirst, type SpareSockets } from './happy-eyeballs.ts';

export type DialOptions = {
  guard: AddressGuard;
  lookup: Lookup;
  spareSockets: SpareSockets;
  certificateAuthorities?: string[] | undefined;
};

type AllowedAddresses = Pick<Candidates, 'addresses' | 'laterAddresses'>;

/**
 * Opens a connection to an address that the guard allows. It dials exactly the addresses that the guard checked: a second
 * lookup could return different ones. `deadlineAt` is in milliseconds on the clock of performance.now().
 */
export async function dial(origin: Origin, rules: DialOptions, deadlineAt: number): Promise<ConnectResult> {
  const allowed = await allowedAddresses(origin, rules, deadlineAt);
  if (!('addresses' in allowed)) return { kind: 'failed', failure: allowed };
  const connected = await connectToFirst({ ...allowed, port: origin.port }, rules.spareSockets, deadlineAt);
  if (connected.kind !== 'connected' || !origin.secure) return connected;
  return startTls(connected.socket, origin.host, rules.certificateAuthorities, deadlineAt);
}

/** A single address that is not allowed blocks the request: a legitimate name does not mix public and private ones. */
async function allowedAddresses(
  { host, port }: Origin,
  { guard, lookup }: DialOptions,
  deadlineAt: number,
): Promise<AllowedAddresses | Failure> {
  const allows = (address: string): boolean => guard.allows(address, familyOf(address) ?? 4);
  const isOwn = (address: string): boolean => guard.isOwnService(address, port);
  await waitUntil(deadlineAt, guard.refreshOwnServices(port));
  if (isIpv6(host)) await waitUntil(deadlineAt, guard.discoverNat64());
  if (familyOf(host) && !allows(host)) return addressNotAllowed;
  if (isOwn(host)) return ownAddress;
  if (familyOf(host)) return { addresses: [host] };
  let laterAddresses: Promise<string[]> | undefined;
  const checkLater = (others: Promise<string[]>): void => {
    laterAddresses = others.then(async (found) => {
      if (found.some(isIpv6)) await guard.discoverNat64();
      return found.every(allows) && !found.some(isOwn) ? found : [];
    });
  };
  try {
    const found = await waitUntil(deadlineAt, lookup(host, checkLater));
    if (!found) return timedOut('dns');
    if (found.some(isIpv6)) await waitUntil(deadlineAt, guard.discoverNat64());
    // localhost always has two addresses, and the operator may have allowed only one of them.
    const addresses = isLocalhost(host) ? found.filter(allows) : dropNat64Copies(found, allows);
    if (addresses.length === 0 || !addresses.every(allows)) return addressNotAllowed;
    return addresses.some(isOwn) ? ownAddress : { addresses, laterAddresses };
  } catch (error) {
    return failureOf(error, 'dns');
  }
}

const isIpv6 = (address: string): boolean => familyOf(address) === 6;

/**
 * A DNS64 name server (RFC 6147) adds a copy of each IPv4 address under the NAT64 prefix of the network. A copy that is
 * not allowed is dropped, since it must not block the IPv4 address itself.
 */
function dropNat64Copies(found: string[], allows: (address: string) => boolean): string[] {
  const ipv4 = found.filter((address) => familyOf(address) === 4 && allows(address));
  const isCopy = (address: string): boolean =>
    isIpv6(address) && ipv4.some((original) => embedsIpv4(address, original));
  return found.filter((address) => allows(address) || !isCopy(address));
}

const waitUntil = async <T>(deadlineAt: number, result: Promise<T> | undefined): Promise<T | undefined> =>
  result && resolveWithin(msUntil(deadlineAt), result);

/** Starts TLS on a connection. The socket is destroyed unless its certificate is trusted for `host`. */
function startTls(
  plain: Socket,
  host: string,
  certificateAuthorities: string[] | undefined,
  deadlineAt: number,
): Promise<ConnectResult> {
  const socket = connectTls({
    socket: plain,
    host,
    // RFC 6066 section 3 forbids addresses as server names. Node.js still checks them against the certificate.
    ...(familyOf(host) ? {} : { servername: host }),
    ALPNProtocols: ['http/1.1'],
    ...(certificateAuthorities && { ca: certificateAuthorities }),
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
