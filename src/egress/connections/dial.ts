import type { SecureContext } from 'node:tls';
import type { AddressGuard } from '../addresses/address-guard.ts';
import { isLocalhost } from '../addresses/host-name.ts';
import type { Lookup } from '../addresses/lookup.ts';
import { embedsIpv4 } from '../addresses/nat64.ts';
import { msUntil, resolveWithin } from '../deadline.ts';
import {
  addressNotAllowed,
  type Failure,
  failureOf,
  ownAddress,
  portNotAllowed,
  timedOut,
} from '../failure.ts';
import type { EgressProxy } from '../proxy/egress-proxy.ts';
import { familyOf, type Origin } from '../target-url.ts';
import { type Candidates, type ConnectResult, connectToFirst, type SpareSockets } from './happy-eyeballs.ts';
import { startTls } from './start-tls.ts';

export type DialOptions = {
  guard: AddressGuard;
  lookup: Lookup;
  spareSockets: SpareSockets;
  /** With the certificate authorities to trust, if not those of Node.js. */
  secureContext?: SecureContext | undefined;
  /** Opens the connections, except those to receivers that it does not carry. */
  proxy?: EgressProxy | undefined;
  projectId: string;
  /** Called when the receiver may be the cause of a delay: before a connection to it is opened, or with a tunnel to it. */
  onStart: () => void;
};

type AllowedAddresses = Pick<Candidates, 'addresses' | 'laterAddresses'>;

/**
 * Opens a connection to an address that the guard allows. It dials exactly the addresses that the guard checked: a second
 * lookup could return different ones. `deadlineAt` is in milliseconds on the clock of performance.now().
 */
export async function dial(origin: Origin, rules: DialOptions, deadlineAt: number): Promise<ConnectResult> {
  const { proxy, spareSockets, secureContext, projectId, onStart } = rules;
  if (!proxy) onStart();
  const allowed = await allowedAddresses(origin, rules, deadlineAt);
  if (!('addresses' in allowed)) return { kind: 'failed', failure: allowed };
  const tunnel = proxy?.carries(origin, allowed.addresses)
    ? proxy.connect({ origin, addresses: allowed.addresses, projectId }, spareSockets, deadlineAt)
    : undefined;
  if (!tunnel) onStart();
  const connected = await (tunnel ??
    connectToFirst({ ...allowed, port: origin.port }, spareSockets, deadlineAt));
  if (connected.kind !== 'connected') return connected;
  if (tunnel) onStart();
  if (!origin.secure) return connected;
  const secured = await startTls(connected.socket, origin.host, secureContext, deadlineAt);
  return secured.kind === 'connected' ? { ...connected, socket: secured.socket } : secured;
}

/** A single address that is not allowed blocks the request: a legitimate name does not mix public and private ones. */
async function allowedAddresses(
  { host, port }: Origin,
  { guard, lookup }: DialOptions,
  deadlineAt: number,
): Promise<AllowedAddresses | Failure> {
  const allows = (address: string): boolean => guard.allows(address, familyOf(address) ?? 4);
  const isOwn = (address: string): boolean => guard.isOwnService(address, port);
  if (!guard.allowsPort(port)) return portNotAllowed;
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
