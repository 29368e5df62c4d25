import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError, readConfig } from '../../../src/config/config.ts';
import { maskedSummary } from '../../../src/config/masked-summary.ts';
import { version } from '../../../src/config/version.ts';
import { DEFAULT_QUOTAS } from '../../../src/policy/quotas.ts';

const KEY = Buffer.alloc(32, 7).toString('base64');
const REAL = {
  DATABASE_URL: 'postgres://posthorn:pa55word@db.internal:5432/posthorn',
  TEMPORAL_ADDRESS: 'temporal.internal:7233',
  POSTHORN_ADMIN_KEY: 'adm1n-key-0123456789-0123456789-0',
  POSTHORN_ENCRYPTION_KEYS: KEY,
};

function problemsOf(...args: Parameters<typeof readConfig>): string[] {
  try {
    readConfig(...args);
    return [];
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as ConfigError).problems;
  }
}

test('with nothing set, start is embedded, on loopback, and lets endpoints be on loopback too', () => {
  expect(readConfig({}, 'start')).toEqual({
    databasePool: 10,
    temporal: { namespace: 'default', taskQueue: 'posthorn' },
    http: { host: '127.0.0.1', port: 4000, publicUrl: 'http://127.0.0.1:4000' },
    dataDir: '.posthorn',
    encryptionKeys: [],
    allowTargets: ['127.0.0.0/8', '::1/128'],
    userAgent: `Posthorn/${version} (+https://posthorn.example)`,
    maxBodyBytes: 1_048_576,
    ui: ['dashboard', 'portal'],
    quotas: DEFAULT_QUOTAS,
    grouping: 'auto',
    maxWorkflowWaitMs: 3 * 3_600_000,
    drainRate: 20,
    firstAttempt: 'workflow',
    listeners: true,
    retentionMs: 2_592_000_000,
    auditRetentionMs: 31_536_000_000,
    statisticsRetentionMs: 34_560_000_000,
  });
});

test('the User-Agent says who sends where that is known, and is what the variable says', () => {
  const publicUrl = { POSTHORN_PUBLIC_URL: 'https://hooks.example.com/' };
  expect(readConfig(publicUrl, 'start').userAgent).toBe(`Posthorn/${version} (+https://hooks.example.com)`);
  const own = { ...publicUrl, POSTHORN_USER_AGENT: 'Acme-Webhooks/2 (ops@acme.example)' };
  expect(readConfig(own, 'start').userAgent).toBe('Acme-Webhooks/2 (ops@acme.example)');
  expect(problemsOf({ POSTHORN_USER_AGENT: 'a\r\nx: y' }, 'start')).toEqual([
    'POSTHORN_USER_AGENT is not a header value of visible ASCII characters and spaces',
  ]);
});

test.each([
  ['the variable is set but empty', { POSTHORN_ALLOW_TARGETS: '' }, []],
  ['the API listens on every address', { POSTHORN_HOST: '0.0.0.0' }, []],
  ['the API listens on a name that begins like an address', { POSTHORN_HOST: '127.evil.example' }, []],
  [
    'the API listens on another address of loopback',
    { POSTHORN_HOST: '127.8.8.8' },
    ['127.0.0.0/8', '::1/128'],
  ],
  ['others reach the API', { POSTHORN_PUBLIC_URL: 'https://hooks.example.com' }, []],
  ['others reach the API by such a name', { POSTHORN_PUBLIC_URL: 'http://127.evil.example' }, []],
  ['the public URL is on loopback', { POSTHORN_PUBLIC_URL: 'http://[::1]:4000' }, ['127.0.0.0/8', '::1/128']],
  [
    'others reach the API, and networks are named',
    { POSTHORN_PUBLIC_URL: 'https://hooks.example.com', POSTHORN_ALLOW_TARGETS: '127.0.0.0/8' },
    ['127.0.0.0/8'],
  ],
  ['the database is a real one', REAL, []],
  ['networks are named', { POSTHORN_ALLOW_TARGETS: '10.0.0.0/8, fd00::/8' }, ['10.0.0.0/8', 'fd00::/8']],
])('when %s, exactly the networks that were asked for are allowed', (_, env, expected) => {
  expect(readConfig(env, 'start').allowTargets).toEqual(expected);
});

test('every variable arrives', () => {
  const config = readConfig(
    {
      ...REAL,
      TEMPORAL_NAMESPACE: 'hooks',
      TEMPORAL_API_KEY: 'cl0ud',
      TEMPORAL_UI_URL: 'https://temporal.example.com/',
      TEMPORAL_CLI_PATH: '/opt/temporal',
      POSTHORN_HOST: '::',
      POSTHORN_PORT: '8080',
      POSTHORN_PUBLIC_URL: 'https://hooks.example.com',
      POSTHORN_METRICS_PORT: '9090',
      POSTHORN_HEALTH_PORT: '9091',
      POSTHORN_ENDPOINT_METRICS: 'prj_01m7xzzc5bq4vq5z6c7p3m9d2t, ep_01m7y00y4ynktsq7asv78pn1x0',
      POSTHORN_SAMPLE_PORT: '9092',
      DATABASE_DIRECT_URL: 'postgres://posthorn:d1rect@db.internal:5433/posthorn',
      POSTHORN_DATA_DIR: '/data',
      POSTHORN_ENCRYPTION_KEYS: `${KEY}, ${KEY}`,
      POSTHORN_MAX_BODY: '256kb',
      POSTHORN_NAT64_PREFIXES: '2001:db8:64::/96, fd00:64::/48',
      POSTHORN_GROUPING: 'never',
      TEMPORAL_TASK_QUEUE: 'hooks-eu',
      POSTHORN_DEPLOYMENT: 'hooks',
      POSTHORN_BUILD_ID: '1.2.3+4',
      POSTHORN_WORKFLOW_WAIT: '2h',
      POSTHORN_FIRST_ATTEMPT: 'express',
      POSTHORN_DATABASE_POOL: '4',
      POSTHORN_USER_AGENT: 'Acme-Webhooks/2',
      POSTHORN_RETENTION: '12h',
      POSTHORN_AUDIT_RETENTION: '90d',
      POSTHORN_STATISTICS_RETENTION: '60d',
    },
    'api',
  );
  expect(config).toMatchObject({
    databasePool: 4,
    databaseUrl: REAL.DATABASE_URL,
    temporal: {
      address: 'temporal.internal:7233',
      namespace: 'hooks',
      taskQueue: 'hooks-eu',
      apiKey: 'cl0ud',
      uiUrl: 'https://temporal.example.com',
      cliPath: '/opt/temporal',
      deployment: { name: 'hooks', buildId: '1.2.3+4', promote: 'auto' },
    },
    http: { host: '::', port: 8080, publicUrl: 'https://hooks.example.com' },
    metricsPort: 9090,
    healthPort: 9091,
    endpointMetrics: {
      projects: new Set(['prj_01m7xzzc5bq4vq5z6c7p3m9d2t']),
      endpoints: new Set(['ep_01m7y00y4ynktsq7asv78pn1x0']),
    },
    samplePort: 9092,
    databaseDirectUrl: 'postgres://posthorn:d1rect@db.internal:5433/posthorn',
    dataDir: '/data',
    adminKey: 'adm1n-key-0123456789-0123456789-0',
    encryptionKeys: [Buffer.alloc(32, 7), Buffer.alloc(32, 7)],
    maxBodyBytes: 262_144,
    nat64Prefixes: ['2001:db8:64::/96', 'fd00:64::/48'],
    userAgent: 'Acme-Webhooks/2',
    grouping: 'never',
    maxWorkflowWaitMs: 2 * 3_600_000,
    firstAttempt: 'express',
    retentionMs: 43_200_000,
    auditRetentionMs: 7_776_000_000,
    statisticsRetentionMs: 5_184_000_000,
  });
});

test('all problems are listed together, each with its variable', () => {
  const problems = problemsOf(
    {
      DATABASE_URL: 'mysql://localhost',
      TEMPORAL_ADDRESS: 'localhost',
      TEMPORAL_TLS_CERT: '/no/such/file',
      TEMPORAL_TLS_SERVER_CA: '/no/such/file',
      TEMPORAL_TLS_SERVER_NAME: 'https://temporal.example.com',
      POSTHORN_PORT: '65536',
      POSTHORN_METRICS_PORT: '0x10',
      POSTHORN_ENDPOINT_METRICS: 'ep_1',
      POSTHORN_PUBLIC_URL: 'hooks.example.com',
      POSTHORN_ENCRYPTION_KEYS: 'c2hvcnQ=',
      POSTHORN_ALLOW_TARGETS: '10.0.0.0/33',
      POSTHORN_ALLOW_PORTS: '443,9000-8000',
      POSTHORN_DENY_TARGETS: 'temporal-ui',
      POSTHORN_NAT64_PREFIXES: '2001:db8::/95',
      POSTHORN_EGRESS_PROXY: 'socks5://user:pr0xy@proxy:1080',
      POSTHORN_NO_PROXY: 'a.test,http://b.test',
      POSTHORN_EXTRA_CA: '-----BEGIN CERTIFICATE-----\nnone\n-----END CERTIFICATE-----',
      POSTHORN_MAX_BODY: '1gb',
      POSTHORN_GROUPING: 'sometimes',
      POSTHORN_FIRST_ATTEMPT: 'soon',
      POSTHORN_RETENTION: '30',
    },
    'api',
  );
  expect(problems).toEqual([
    'DATABASE_URL is not a postgres:// URL',
    'TEMPORAL_ADDRESS is not host:port',
    'TEMPORAL_TLS_CERT is not PEM text, or the path of a readable PEM file',
    'TEMPORAL_TLS_SERVER_CA is not PEM text, or the path of a readable PEM file',
    'TEMPORAL_TLS_SERVER_NAME is not a host name',
    'POSTHORN_PORT is not a port from 0 to 65535',
    'POSTHORN_PUBLIC_URL is not an http:// or https:// URL',
    'POSTHORN_METRICS_PORT is not a port from 0 to 65535',
    'POSTHORN_ENDPOINT_METRICS is not off, all, or a comma-separated list of up to 500 ids of projects (prj_…) and endpoints (ep_…)',
    'POSTHORN_ENCRYPTION_KEYS is not a comma-separated list of base64 keys of 32 bytes each',
    'POSTHORN_ALLOW_TARGETS is not a comma-separated list of networks like 10.0.0.0/8,fd00::/8',
    'POSTHORN_ALLOW_PORTS is not a comma-separated list of ports like 443,8000-8999',
    'POSTHORN_DENY_TARGETS is not a comma-separated list of host:port',
    'POSTHORN_NAT64_PREFIXES is not a comma-separated list of NAT64 prefixes like 2001:db8:64::/96, of 32, 40, 48, 56, 64 or 96 bits',
    'POSTHORN_EGRESS_PROXY is not an http:// or https:// URL of a proxy, with a percent-encoded user name and password if it needs them',
    'POSTHORN_NO_PROXY is not a comma-separated list of names, addresses and networks like .example.com,10.0.0.0/8, or *',
    'POSTHORN_EXTRA_CA is not PEM text with valid certificates, or the path of a readable PEM file',
    'POSTHORN_MAX_BODY is not a size like 512kb or 1mb',
    'POSTHORN_GROUPING is not auto or never',
    'POSTHORN_FIRST_ATTEMPT is not workflow or express',
    'POSTHORN_RETENTION is not a duration like 12h or 30d',
    'POSTHORN_ADMIN_KEY is required for "posthorn api"',
    'TEMPORAL_TLS_CERT and TEMPORAL_TLS_KEY must be set together',
  ]);
});

test.each([
  ['start', {}, []],
  ['start', { DATABASE_URL: REAL.DATABASE_URL }, ['POSTHORN_ADMIN_KEY', 'POSTHORN_ENCRYPTION_KEYS']],
  ['start', { TEMPORAL_ADDRESS: REAL.TEMPORAL_ADDRESS }, []],
  ['api', {}, ['DATABASE_URL', 'TEMPORAL_ADDRESS', 'POSTHORN_ADMIN_KEY', 'POSTHORN_ENCRYPTION_KEYS']],
  ['worker', {}, ['DATABASE_URL', 'TEMPORAL_ADDRESS', 'POSTHORN_ENCRYPTION_KEYS']],
  ['migrate', {}, ['DATABASE_URL']],
] as const)('%s with %j lacks %j', (command, env, missing) => {
  expect(problemsOf(env, command)).toEqual(
    missing.map((name) => `${name} is required for "posthorn ${command}"`),
  );
});

test('the summary for the log holds no secret', () => {
  const url = `${REAL.DATABASE_URL}?password=0ther`;
  const direct = 'postgres://posthorn:d1rect@db.internal:5433/posthorn';
  const env = {
    ...REAL,
    DATABASE_URL: url,
    DATABASE_DIRECT_URL: direct,
    TEMPORAL_API_KEY: 'cl0ud-key',
    POSTHORN_EGRESS_PROXY: 'http://pr0xy-user:pr0xy-word@proxy.internal:3128',
  };
  const summary = JSON.stringify(maskedSummary(readConfig(env, 'start')));

  for (const secret of [
    'pa55word',
    'd1rect',
    '0ther',
    'adm1n-key',
    'cl0ud-key',
    KEY,
    'pr0xy-user',
    'pr0xy-word',
    'Basic',
  ])
    expect(summary).not.toContain(secret);
  expect(summary).toContain('"egressProxy":"http://proxy.internal:3128"');
  expect(summary).toContain('db.internal');
  expect(summary).toContain('"adminKey":"set"');
});

test('POSTHORN_UI lists the pages that are served, and none if it is empty', () => {
  const uiOf = (text: string) => readConfig({ POSTHORN_UI: text }, 'start').ui;
  expect([uiOf('portal'), uiOf(' portal , dashboard'), uiOf('')]).toEqual([
    ['portal'],
    ['dashboard', 'portal'],
    [],
  ]);
  expect(() => uiOf('admin')).toThrow('POSTHORN_UI');
});

test('with a proxy, receivers on loopback are excepted unless POSTHORN_NO_PROXY is set, and none if it is empty', () => {
  const proxyOf = (env: NodeJS.ProcessEnv) =>
    readConfig({ POSTHORN_EGRESS_PROXY: 'http://user:w0rd@proxy:3128', ...env }, 'start');
  expect(proxyOf({})).toMatchObject({
    egressProxy: { host: 'proxy', port: 3128, secure: false },
    noProxy: ['localhost', '127.0.0.0/8', '::1'],
  });
  expect(proxyOf({ POSTHORN_NO_PROXY: '.inside.test, 10.0.0.0/8' }).noProxy).toEqual([
    '.inside.test',
    '10.0.0.0/8',
  ]);
  expect(proxyOf({ POSTHORN_NO_PROXY: '' }).noProxy).toEqual([]);
});

test('POSTHORN_EXTRA_CA takes all certificates of a text or a file, and no private key', () => {
  const folder = join(__dirname, '../../receivers/certificates');
  const [root, authority, key] = ['private-root', 'authority', 'key'].map((name) =>
    readFileSync(join(folder, `${name}.pem`), 'utf8').trim(),
  ) as [string, string, string];
  const authoritiesOf = (text: string) => readConfig({ POSTHORN_EXTRA_CA: text }, 'start').extraAuthorities;

  expect(authoritiesOf(`${root}\n${key}\n${authority}`)).toEqual([root, authority]);
  expect(authoritiesOf(join(folder, 'authority.pem'))).toEqual([authority]);
  expect(() => authoritiesOf(key)).toThrow('POSTHORN_EXTRA_CA');
  const summary = maskedSummary(readConfig({ POSTHORN_EXTRA_CA: root }, 'start'));
  expect(summary).toMatchObject({ extraAuthorities: 1 });
});

test('POSTHORN_ALLOW_PORTS is a list of ports and ranges', () => {
  const portsOf = (text: string) => readConfig({ POSTHORN_ALLOW_PORTS: text }, 'start').allowPorts;
  expect(portsOf('443, 8000-8999')).toEqual([
    { first: 443, last: 443 },
    { first: 8000, last: 8999 },
  ]);
  for (const wrong of ['0', '65536', '443-', '1-2-3', '443;80', ','])
    expect(() => portsOf(wrong)).toThrow('POSTHORN_ALLOW_PORTS');
});

test('POSTHORN_DRAIN_RATE is a number from 0 to 10,000', () => {
  const rateOf = (text: string) => readConfig({ POSTHORN_DRAIN_RATE: text }, 'start').drainRate;
  expect([rateOf('0'), rateOf('1'), rateOf('10000')]).toEqual([0, 1, 10_000]);
  for (const wrong of ['-1', '1.5', '10001', 'many'])
    expect(() => rateOf(wrong)).toThrow('POSTHORN_DRAIN_RATE');
});

test('traces are exported to a collector, whose headers are not shown', () => {
  const config = readConfig(
    {
      POSTHORN_OTLP_URL: 'https://collector.example/',
      POSTHORN_OTLP_HEADERS: 'authorization=Bearer%20canary, x-team=a',
      POSTHORN_TRACE_SAMPLING: '0.05',
      POSTHORN_SEND_TRACEPARENT: 'on',
    },
    'start',
  );
  expect(config).toMatchObject({
    otlp: {
      url: 'https://collector.example',
      headers: { authorization: 'Bearer canary', 'x-team': 'a' },
      sampling: 0.05,
    },
    sendsTraceparent: true,
  });
  expect(JSON.stringify(maskedSummary(config))).not.toContain('canary');
});

test.each([
  ['POSTHORN_OTLP_URL', 'collector:4318'],
  ['POSTHORN_OTLP_URL', 'http://user:password@collector:4318'],
  ['POSTHORN_OTLP_HEADERS', 'authorization'],
  ['POSTHORN_OTLP_HEADERS', 'authorization=%zz'],
  ['POSTHORN_OTLP_HEADERS', 'authorization=%ff'],
  ['POSTHORN_TRACE_SAMPLING', '1.5'],
  ['POSTHORN_TRACE_SAMPLING', '10%'],
  ['POSTHORN_SEND_TRACEPARENT', 'yes'],
])('%s=%s is a problem', (variable, value) => {
  expect(() => readConfig({ [variable]: value }, 'start')).toThrow(variable);
});
