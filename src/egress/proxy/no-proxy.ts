import { type BlockList, isIP } from 'node:net';
import { canonicalAddress } from '../addresses/ipv6.ts';
import { networks } from '../addresses/networks.ts';
import { familyOf, type Origin } from '../target-url.ts';

/** True for a receiver that is reached without the proxy. `addresses` are those to which its host resolves. */
export type BypassesProxy = (origin: Origin, addresses: string[]) => boolean;

type Rule = {
  /** Undefined: any port. */
  port: number | undefined;
  matches: BypassesProxy;
};

/** What a list applies to if the operator sets none: at the proxy, loopback would be the proxy's own host. */
export const DEFAULT_NO_PROXY = ['localhost', '127.0.0.0/8', '::1'];

/**
 * Compiles the entries of a list in the form of NO_PROXY: `*`, names, addresses and networks, each but `*` with an
 * optional port. `example.com` stands for that name and all below it, `.example.com` and `*.example.com` only for those
 * below. An address or a network also applies to names whose addresses all belong to it.
 * @throws Error that names an entry of another form
 */
export function createNoProxy(entries: string[]): BypassesProxy {
  const rules = entries.map((entry) => {
    const rule = parseEntry(entry.toLowerCase());
    if (!rule) throw new Error(`"${entry}" is not a name, an address or a network`);
    return rule;
  });
  return (origin, addresses) =>
    rules.some(
      ({ port, matches }) => (port === undefined || port === origin.port) && matches(origin, addresses),
    );
}

export const isNoProxyEntry = (entry: string): boolean => parseEntry(entry.toLowerCase()) !== undefined;

function parseEntry(entry: string): Rule | undefined {
  if (entry === '*') return { port: undefined, matches: () => true };
  const { host, port } = splitPort(entry);
  if (port !== undefined && (port < 1 || port > 65_535)) return undefined;
  const matches = networkRule(host) ?? nameRule(host);
  return matches && { port, matches };
}

function splitPort(entry: string): { host: string; port: number | undefined } {
  const bracketed = /^\[([^\]]+)\](?::(\d{1,5}))?$/.exec(entry);
  // An IPv6 address can have a port only in brackets.
  const [, host = entry, port] = bracketed ?? /^([^:]+):(\d{1,5})$/.exec(entry) ?? [];
  return { host, port: port === undefined ? undefined : Number(port) };
}

function networkRule(text: string): BypassesProxy | undefined {
  const [address = ''] = text.split('/');
  const family = isIP(address);
  if (family !== 4 && family !== 6) return undefined;
  let list: BlockList;
  try {
    list = networks(family, [text.includes('/') ? text : `${text}/${family === 4 ? 32 : 128}`]);
  } catch {
    return undefined;
  }
  const contains = (one: string): boolean => {
    const known = canonicalAddress(one, familyOf(one) ?? 4);
    return known?.family === family && list.check(known.address, family === 4 ? 'ipv4' : 'ipv6');
  };
  return (_origin, addresses) => addresses.length > 0 && addresses.every(contains);
}

function nameRule(text: string): BypassesProxy | undefined {
  const name = text.replace(/^\*(?=\.)/, '').replace(/(?<=.)\.$/, '');
  if (!/^\.?[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/.test(name)) return undefined;
  if (name.startsWith('.')) return ({ host }) => host.endsWith(name);
  return ({ host }) => host === name || host.endsWith(`.${name}`);
}
