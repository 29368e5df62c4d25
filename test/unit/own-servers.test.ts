import { readConfig } from '../../src/config.ts';
import { createOwnServices } from '../../src/egress/own-services.ts';
import { ownServersOf } from '../../src/own-servers.ts';

const REAL = {
  DATABASE_URL: 'postgres://posthorn@db.internal/posthorn',
  TEMPORAL_ADDRESS: 'temporal.internal:7233',
  TEMPORAL_UI_URL: 'http://temporal-ui.internal:8080/ui',
  POSTHORN_ADMIN_KEY: 'a'.repeat(40),
  POSTHORN_ENCRYPTION_KEYS: Buffer.alloc(32, 7).toString('base64'),
  POSTHORN_PUBLIC_URL: 'https://hooks.example.com',
  POSTHORN_METRICS_PORT: '9090',
};
const hostsOf = (env: NodeJS.ProcessEnv): string[] =>
  ownServersOf(readConfig(env, 'start')).map(({ host, port, knownBy }) => `${host}:${port} by ${knownBy}`);

test('every server that the configuration names is one of our own', () => {
  expect(hostsOf(REAL)).toEqual([
    '127.0.0.1:4000 by address',
    '127.0.0.1:9090 by address',
    'temporal.internal:7233 by address',
    'db.internal:5432 by address',
    'temporal-ui.internal:8080 by address',
    'hooks.example.com:443 by name',
  ]);
});

test.each([
  ['postgres://u@[::1]:6432/db', '::1:6432 by address'],
  ['postgres://u@ignored/db?host=10.0.0.9&port=6433', '10.0.0.9:6433 by address'],
  ['postgresql://u@db.internal:5433/db', 'db.internal:5433 by address'],
])('Postgres at %s is %s', (url, expected) => {
  expect(hostsOf({ ...REAL, DATABASE_URL: url })).toContain(expected);
});

test('a Unix socket is no server that could be a target', () => {
  const url = 'postgres:///db?host=/run/postgresql&user=u';
  expect(hostsOf({ ...REAL, DATABASE_URL: url }).join()).not.toContain('postgresql');
});

test('a Web UI that is served over https is told by its name alone: others may be behind the same proxy', async () => {
  const servers = ownServersOf(
    readConfig({ ...REAL, TEMPORAL_UI_URL: 'https://temporal.example.com' }, 'start'),
  );
  const own = createOwnServices(servers, { resolve: async () => ['192.0.2.7'] });
  await own.refresh(443);

  expect(own.includes('temporal.example.com', 443)).toBe(true);
  expect(own.includes('192.0.2.7', 443)).toBe(false);
});

describe('the addresses of a server that has a name', () => {
  const at = { host: 'db.internal', port: 5432, knownBy: 'address' } as const;

  test('are those of its last answer, and stay while the name does not resolve', async () => {
    let answer: () => Promise<string[]> = async () => ['10.0.0.9', 'fd00::9'];
    const own = createOwnServices([at], { resolve: () => answer() });
    expect(own.includes('10.0.0.9', 5432)).toBe(false);

    await own.refresh(5432);
    answer = () => Promise.reject(new Error('no answer'));
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

  test('of this machine stand for all addresses of it', async () => {
    const options = { resolve: async () => ['10.0.0.5'], localAddresses: () => ['10.0.0.5', 'fd00::5'] };
    const own = createOwnServices([at], options);
    await own.refresh(5432);

    for (const local of ['127.0.0.1', '::1', '0.0.0.0', 'fd00::5'])
      expect(own.includes(local, 5432)).toBe(true);
    expect(own.includes('10.0.0.6', 5432)).toBe(false);
  });
});
