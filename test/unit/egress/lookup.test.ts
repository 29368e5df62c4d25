import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHostsFileLookup, parseHosts } from '../../../src/egress/addresses/hosts-file.ts';
import { createLookup } from '../../../src/egress/addresses/lookup.ts';
import { type NameServer, startNameServer, type Zone } from '../../receivers/name-server.ts';

let server: NameServer | undefined;
const noHosts = async (): Promise<string[]> => [];

/** Of the first of two tries. */
const QUERY_TIMEOUT_MS = 2_000;

const lookupIn = async (zone: Zone, queryTimeoutMs = QUERY_TIMEOUT_MS) => {
  server = await startNameServer(zone);
  return createLookup({ hosts: noHosts, nameServers: [server.address], queryTimeoutMs });
};
afterEach(async () => {
  await server?.close();
  server = undefined;
});

test('a name has the addresses of both families, IPv4 first', async () => {
  const lookup = await lookupIn((_, type) => (type === 'A' ? ['192.0.2.1', '192.0.2.2'] : ['2001:db8::1']));

  const [first, second, ...rest] = await lookup('both.example');
  expect(new Set([first, second])).toEqual(new Set(['192.0.2.1', '192.0.2.2']));
  expect(rest).toEqual(['2001:db8::1']);
});

test.each<[string, Zone, string[]]>([
  ['has no IPv6 address', (_, type) => (type === 'A' ? ['192.0.2.1'] : []), ['192.0.2.1']],
  ['has no IPv4 address', (_, type) => (type === 'A' ? [] : ['2001:db8::1']), ['2001:db8::1']],
  ['fails for IPv6', (_, type) => (type === 'A' ? ['192.0.2.1'] : 'servfail'), ['192.0.2.1']],
  ['fails for IPv4', (_, type) => (type === 'A' ? 'servfail' : ['2001:db8::1']), ['2001:db8::1']],
])('a name that %s still has its other addresses', async (_case, zone, addresses) => {
  expect(await (await lookupIn(zone))('one.example')).toEqual(addresses);
});

test('a name server that does not respond for IPv6 barely delays an IPv4 response', async () => {
  const lookup = await lookupIn((_, type) => (type === 'A' ? ['192.0.2.1'] : 'silence'));
  const began = performance.now();

  expect(await lookup('slow.example')).toEqual(['192.0.2.1']);
  expect(performance.now() - began).toBeLessThan(QUERY_TIMEOUT_MS);
});

test('addresses of the slower family are reported when they arrive, even if the first response was useless', async () => {
  const lookup = await lookupIn((_, type) =>
    type === 'AAAA' ? ['2001:db8::1'] : { after: 300, answer: ['192.0.2.1'] },
  );
  let later: Promise<string[]> | undefined;

  expect(await lookup('slow.example', (others) => (later = others))).toEqual(['2001:db8::1']);
  expect(await later).toEqual(['192.0.2.1']);
});

test('a family without a response is reported as having no addresses', async () => {
  const lookup = await lookupIn((_, type) => (type === 'A' ? ['192.0.2.1'] : 'silence'), 500);
  let later: Promise<string[]> | undefined;

  await lookup('slow.example', (others) => (later = others));
  expect(await later).toEqual([]);
});

test.each<[string, Zone, string]>([
  ['does not exist', () => 'nxdomain', 'ENOTFOUND'],
  [
    'does not exist according to one response, and fails in the other',
    (_, type) => (type === 'A' ? 'servfail' : 'nxdomain'),
    'ENOTFOUND',
  ],
  ['has no address', () => [], 'ENODATA'],
  ['has no IPv4 address and fails for IPv6', (_, type) => (type === 'A' ? [] : 'servfail'), 'ESERVFAIL'],
  ['is refused', () => 'refused', 'EREFUSED'],
  ['gets no response', () => 'silence', 'ETIMEOUT'],
])('a name that %s fails with a code of its own', async (_case, zone, code) => {
  await expect((await lookupIn(zone, 500))('failing.example')).rejects.toMatchObject({ code });
});

test('an unknown name, or one without an address, fails with a code', async () => {
  const lookup = await lookupIn((name) => (name === 'unknown.example' ? 'nxdomain' : []));

  await expect(lookup('unknown.example')).rejects.toMatchObject({ code: 'ENOTFOUND' });
  await expect(lookup('empty.example')).rejects.toMatchObject({ code: 'ENODATA' });
});

test('a hundred names without a response do not delay another name', async () => {
  const lookup = await lookupIn((name, type) => {
    if (name !== 'living.example') return 'silence';
    return type === 'A' ? ['192.0.2.1'] : [];
  });
  const dead = Array.from({ length: 100 }, (_, i) => lookup(`dead-${i}.example`).catch(() => 'dead'));
  const began = performance.now();

  expect(await lookup('living.example')).toEqual(['192.0.2.1']);
  expect(performance.now() - began).toBeLessThan(QUERY_TIMEOUT_MS);
  expect(new Set(await Promise.all(dead))).toEqual(new Set(['dead']));
});

test('concurrent lookups of a name share one query, and the next dial makes another', async () => {
  const lookup = await lookupIn((_, type) => (type === 'A' ? ['192.0.2.1'] : []));

  await Promise.all(Array.from({ length: 20 }, () => lookup('popular.example')));
  expect(server!.queries.sort()).toEqual(['A popular.example', 'AAAA popular.example']);
  await lookup('popular.example');
  expect(server!.queries).toHaveLength(4);
});

test('localhost and the names of the hosts file are not looked up at a name server', async () => {
  server = await startNameServer(() => 'nxdomain');
  const hosts = async (name: string) => (name === 'receiver' ? ['10.0.0.7'] : []);
  const lookup = createLookup({ hosts, nameServers: [server.address] });

  expect(await lookup('localhost')).toEqual(['127.0.0.1', '::1']);
  expect(await lookup('a.localhost')).toEqual(['127.0.0.1', '::1']);
  expect(await lookup('receiver')).toEqual(['10.0.0.7']);
  expect(server!.queries).toEqual([]);
});

test('a hosts file gives each name its addresses, and invalid addresses are ignored', () => {
  const hosts = parseHosts('# c\n127.0.0.1 localhost Vm # x\n::1\tlocalhost\r\n\nnonsense vm\n10.0.0.1\n');

  expect([...hosts]).toEqual([
    ['localhost', ['127.0.0.1', '::1']],
    ['vm', ['127.0.0.1']],
  ]);
});

test('a missing hosts file has no names', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'hosts-'));
  await writeFile(join(folder, 'hosts'), '10.0.0.1 receiver\n');

  expect(await createHostsFileLookup(join(folder, 'hosts'))('receiver')).toEqual(['10.0.0.1']);
  expect(await createHostsFileLookup(join(folder, 'none'))('receiver')).toEqual([]);
  await rm(folder, { recursive: true });
});
