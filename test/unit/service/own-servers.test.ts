import { readConfig } from '../../../src/config/config.ts';
import { createOwnServices } from '../../../src/egress/addresses/own-services.ts';
import { ownServersOf } from '../../../src/service/own-servers.ts';

const REAL = {
  DATABASE_URL: 'postgres://posthorn@db.internal/posthorn',
  TEMPORAL_ADDRESS: 'temporal.internal:7233',
  TEMPORAL_UI_URL: 'http://temporal-ui.internal:8080/ui',
  POSTHORN_ADMIN_KEY: 'a'.repeat(40),
  POSTHORN_ENCRYPTION_KEYS: Buffer.alloc(32, 7).toString('base64'),
  POSTHORN_PUBLIC_URL: 'https://hooks.example.com',
  POSTHORN_METRICS_PORT: '9090',
  POSTHORN_OTLP_URL: 'http://collector.internal:4318',
  POSTHORN_EGRESS_PROXY: 'http://user:secret@proxy.internal:3128',
};
const hostsOf = (env: NodeJS.ProcessEnv): string[] =>
  ownServersOf(readConfig(env, 'start')).map(
    ({ host, port, matchedBy }) => `${host}:${port} by ${matchedBy}`,
  );

test('every server that the configuration names is one of our own', () => {
  expect(hostsOf(REAL)).toEqual([
    '127.0.0.1:4000 by address',
    '127.0.0.1:9090 by address',
    'proxy.internal:3128 by address',
    'collector.internal:4318 by host',
    'temporal.internal:7233 by host',
    'db.internal:5432 by host',
    'temporal-ui.internal:8080 by host',
    'hooks.example.com:443 by name',
  ]);
});

test.each([
  ['postgres://u@[::1]:6432/db', '::1:6432 by host'],
  ['postgres://u@ignored/db?host=10.0.0.9&port=6433', '10.0.0.9:6433 by host'],
  ['postgresql://u@db.internal:5433/db', 'db.internal:5433 by host'],
])('Postgres at %s is %s', (url, expected) => {
  expect(hostsOf({ ...REAL, DATABASE_URL: url })).toContain(expected);
});

test('a server that no other variable names can be named', () => {
  const hosts = hostsOf({ ...REAL, POSTHORN_DENY_TARGETS: 'temporal-ui:8080, [fd00::7]:7243' });
  expect(hosts).toContain('temporal-ui:8080 by address');
  expect(hosts).toContain('[fd00::7]:7243 by address');
});

test('a Unix socket is no server that could be a target', () => {
  const url = 'postgres:///db?host=/run/postgresql&user=u';
  expect(hostsOf({ ...REAL, DATABASE_URL: url }).join()).not.toContain('postgresql');
});

test('a Web UI with https is recognised only by its name: others may be behind the same proxy', async () => {
  const servers = ownServersOf(
    readConfig({ ...REAL, TEMPORAL_UI_URL: 'https://temporal.example.com' }, 'start'),
  );
  const own = createOwnServices(servers, { resolve: async () => ['192.0.2.7'] });
  await own.refresh(443);

  expect(own.includes('temporal.example.com', 443)).toBe(true);
  expect(own.includes('192.0.2.7', 443)).toBe(false);
});

describe('the addresses of a server that has a name', () => {
  const at = { host: 'db.internal', port: 5432, matchedBy: 'address' } as const;

  test('are those of its last DNS response, and stay while the name does not resolve', async () => {
    let response: () => Promise<string[]> = async () => ['10.0.0.9', 'fd00::9'];
    const own = createOwnServices([at], { resolve: () => response() });
    expect(own.includes('10.0.0.9', 5432)).toBe(false);

    await own.refresh(5432);
    response = () => Promise.reject(new Error('no response'));
    await own.refresh(5432);

    expect(own.includes('10.0.0.9', 5432)).toBe(true);
    expect(own.includes('fd00::9', 5432)).toBe(true);
    expect(own.includes('10.0.0.9', 5433)).toBe(false);
  });

  test('are asked for only when a port of theirs is dialed, and not again at once', async () => {
    const asked: string[] = [];
    const resolve = async (name: string) => {
      asked.push(name);
      return ['10.0.0.9'];
    };
    const own = createOwnServices([at], { resolve });
    await own.refresh(443);
    expect(asked).toEqual([]);

    await own.refresh(5432);
    await own.refresh(5432);
    expect(asked).toEqual(['db.internal']);
  });

  test('are waited for by every dial that comes while they are asked for', async () => {
    const resolve = () => new Promise<string[]>((found) => setTimeout(found, 50, ['10.0.0.9']));
    const own = createOwnServices([at], { resolve });
    void own.refresh(5432);
    await own.refresh(5432);

    expect(own.includes('10.0.0.9', 5432)).toBe(true);
  });

  test('stand for every such server: the Web UI may run beside Temporal, but not beside our own listeners', async () => {
    const temporal = { host: 'temporal.internal', port: 7233, matchedBy: 'host' } as const;
    const ui = { host: 'localhost', port: 8233, matchedBy: 'host' } as const;
    const api = { host: '10.0.0.5', port: 4000, matchedBy: 'address' } as const;
    const own = createOwnServices([temporal, ui, api], { resolve: async () => ['10.0.0.9'] });
    await own.refresh(8233);

    expect(own.includes('10.0.0.9', 8233)).toBe(true);
    expect(own.includes('10.0.0.9', 4000)).toBe(false);
    expect(own.includes('10.0.0.5', 8233)).toBe(false);
  });

  test('may be written in any way', () => {
    const own = createOwnServices([{ host: '[fd00:0::7]', port: 7243, matchedBy: 'address' }]);
    expect(own.includes('fd00::7', 7243)).toBe(true);
    expect(own.includes('FD00::0:7', 7243)).toBe(true);
  });

  test('of this machine stand for all addresses of it', async () => {
    const options = { resolve: async () => ['10.0.0.5'], localAddresses: () => ['10.0.0.5', 'fd00::5'] };
    const own = createOwnServices([at], options);
    await own.refresh(5432);

    for (const local of ['127.0.0.1', '::1', '0.0.0.0', 'fd00::5'])
      expect(own.includes(local, 5432)).toBe(true);
    expect(own.includes('10.0.0.6', 5432)).toBe(false);
  });
});
