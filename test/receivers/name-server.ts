import { createSocket } from 'node:dgram';
import type { AddressInfo } from 'node:net';

/** Addresses; an empty array when the name exists without any; a DNS failure; or 'silence' for no response. */
export type DnsResponse = string[] | 'nxdomain' | 'servfail' | 'refused' | 'silence';
/** `after` delays the response by this many milliseconds. */
export type Zone = (name: string, type: 'A' | 'AAAA') => DnsResponse | { after: number; answer: DnsResponse };

export type NameServer = { address: string; queries: string[]; close(): Promise<void> };

const TYPES = { 1: 'A', 28: 'AAAA' } as const;
const RCODES = { nxdomain: 3, servfail: 2, refused: 5 } as const;

/** A DNS server (RFC 1035) on loopback that returns the records of the zone. */
export async function startNameServer(zone: Zone): Promise<NameServer> {
  const queries: string[] = [];
  const socket = createSocket('udp4');
  socket.on('message', (query, from) => {
    const { name, type, end } = questionIn(query);
    queries.push(`${type} ${name}`);
    const said = zone(name, type);
    const { after, answer } = typeof said === 'object' && 'after' in said ? said : { after: 0, answer: said };
    if (answer === 'silence') return;
    const send = () => socket.send(answerTo(query, end, type, answer), from.port, from.address);
    if (after === 0) send();
    else setTimeout(send, after);
  });
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  return {
    address: `127.0.0.1:${(socket.address() as AddressInfo).port}`,
    queries,
    close: () => new Promise((resolve) => socket.close(() => resolve())),
  };
}

function questionIn(query: Buffer): { name: string; type: 'A' | 'AAAA'; end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at]!; length > 0; length = query[at]!) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  const type = TYPES[query.readUInt16BE(at + 1) as keyof typeof TYPES];
  return { name: labels.join('.'), type, end: at + 5 };
}

function answerTo(
  query: Buffer,
  end: number,
  type: 'A' | 'AAAA',
  answer: Exclude<DnsResponse, 'silence'>,
): Buffer {
  const addresses = typeof answer === 'string' ? [] : answer;
  const head = Buffer.from(query.subarray(0, 12));
  head.writeUInt16BE(0x8180 | (typeof answer === 'string' ? RCODES[answer] : 0), 2);
  head.writeUInt16BE(addresses.length, 6);
  head.writeUInt32BE(0, 8);
  const records = addresses.map((address) => {
    const data = Buffer.from(type === 'A' ? address.split('.').map(Number) : ipv6Bytes(address));
    const record = Buffer.alloc(12);
    record.writeUInt16BE(0xc00c, 0);
    record.writeUInt16BE(type === 'A' ? 1 : 28, 2);
    record.writeUInt16BE(1, 4);
    record.writeUInt16BE(data.length, 10);
    return Buffer.concat([record, data]);
  });
  return Buffer.concat([head, query.subarray(12, end), ...records]);
}

function ipv6Bytes(address: string): number[] {
  const [before = '', after = ''] = address.split('::');
  const groups = (text: string): number[] =>
    text
      .split(':')
      .filter(Boolean)
      .map((group) => Number.parseInt(group, 16));
  const zeros = Array<number>(8 - groups(before).length - groups(after).length).fill(0);
  return [...groups(before), ...zeros, ...groups(after)].flatMap((group) => [group >> 8, group & 255]);
}
