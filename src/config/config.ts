import { isIPv4 } from 'node:net';
import { type Environment, environmentSchema } from './variables.ts';
import { version } from './version.ts';

export type Command = 'start' | 'api' | 'worker' | 'migrate' | 'try';

export type Config = {
  /** Unset: the embedded Postgres. */
  databaseUrl?: string;
  /** Connections to Postgres that requests and claims share; records, releases and heartbeats have their own. */
  databasePool: number;
  /** Set where databaseUrl leads to a pooler: the same database without it. */
  databaseDirectUrl?: string;
  temporal: {
    /** Unset: the local dev server. */
    address?: string;
    namespace: string;
    apiKey?: string;
    /** PEM. */
    tlsCert?: Buffer;
    tlsKey?: Buffer;
    uiUrl?: string;
    cliPath?: string;
  };
  http: { host: string; port: number; publicUrl: string };
  metricsPort?: number;
  /** `/healthz` and `/readyz` of any process, on http.host. */
  healthPort?: number;
  /** Unset: where it was before, or 4001. */
  samplePort?: number;
  dataDir: string;
  /** Unset: the embedded installation's own, see localSecrets. So with an empty encryptionKeys. */
  adminKey?: string;
  /** 32 bytes each; the first encrypts, all decrypt. */
  encryptionKeys: Buffer[];
  /** CIDRs that endpoints may use although they are not public. */
  allowTargets: string[];
  /** CIDRs of proxies whose header X-Forwarded-For says who called. */
  trustedProxies?: string[];
  /** `host:port` of further servers that are never targets. */
  denyTargets?: string[];
  /** Prefixes under which the network writes IPv4 addresses, beside those that are well known. */
  nat64Prefixes?: string[];
  /** Ports on this machine of embedded servers, which are never targets. Unset: there are none. */
  embeddedPorts?: number[];
  /** The header of every request to a receiver. */
  userAgent: string;
  maxBodyBytes: number;
  /** What a tenant may have, and do in a minute. */
  quotas: Environment['POSTHORN_QUOTAS'];
  grouping: 'auto' | 'never';
  retentionMs: number;
  /** Unset: what the command has. */
  logLevel?: 'debug' | 'info' | 'warn' | 'error';
};

/** Everything that is wrong with the configuration, so that it takes one look to put right. */
export class ConfigError extends Error {
  readonly problems: string[];
  constructor(problems: string[]) {
    super(`The configuration has problems:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

/** Reads the variables of docs/operations.md; an empty one counts as unset. Throws ConfigError with all problems. */
export function readConfig(env: NodeJS.ProcessEnv, command: Command): Config {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const parsed = environmentSchema.safeParse(given);
  const problems = parsed.success ? [] : parsed.error.issues.map((i) => `${i.path.join('.')} ${i.message}`);
  problems.push(...missingFor(command, given));
  if (!parsed.success || problems.length > 0) throw new ConfigError(problems);

  return configOf(parsed.data, env.POSTHORN_ALLOW_TARGETS === '');
}

function missingFor(command: Command, given: NodeJS.ProcessEnv): string[] {
  if (command === 'try') return [];
  const embedded = command === 'start' && !given.DATABASE_URL;
  const alone = command === 'api' || command === 'worker';
  const problems: string[] = [];
  const mustHave = (name: string, when: boolean) => {
    if (when && given[name] === undefined) problems.push(`${name} is required for "posthorn ${command}"`);
  };
  mustHave('DATABASE_URL', alone || command === 'migrate');
  mustHave('TEMPORAL_ADDRESS', alone);
  mustHave('POSTHORN_ADMIN_KEY', !embedded && (command === 'start' || command === 'api'));
  mustHave('POSTHORN_ENCRYPTION_KEYS', !embedded && command !== 'migrate');
  if (given.DATABASE_DIRECT_URL !== undefined && given.DATABASE_URL === undefined) {
    problems.push(
      'DATABASE_DIRECT_URL is set and DATABASE_URL is not: without a pooler only DATABASE_URL is needed',
    );
  }
  if ((given.TEMPORAL_TLS_CERT === undefined) !== (given.TEMPORAL_TLS_KEY === undefined)) {
    problems.push('TEMPORAL_TLS_CERT and TEMPORAL_TLS_KEY are set together or not at all');
  }
  return problems;
}

function configOf(v: Environment, noTargets: boolean): Config {
  const [host, port] = [v.POSTHORN_HOST, v.POSTHORN_PORT];
  const publicUrl = v.POSTHORN_PUBLIC_URL;
  // What others can reach has tenants who are not on this machine: they must not reach what listens on it.
  const isPublic = !isLoopback(host) || (publicUrl !== undefined && !isLoopback(new URL(publicUrl).hostname));
  const localOnly = v.DATABASE_URL === undefined && !isPublic;
  return withoutUnset({
    databaseUrl: v.DATABASE_URL,
    databasePool: v.POSTHORN_DATABASE_POOL,
    databaseDirectUrl: v.DATABASE_DIRECT_URL,
    temporal: withoutUnset({
      namespace: v.TEMPORAL_NAMESPACE,
      address: v.TEMPORAL_ADDRESS,
      apiKey: v.TEMPORAL_API_KEY,
      tlsCert: v.TEMPORAL_TLS_CERT,
      tlsKey: v.TEMPORAL_TLS_KEY,
      uiUrl: v.TEMPORAL_UI_URL,
      cliPath: v.TEMPORAL_CLI_PATH,
    }),
    http: { host, port, publicUrl: publicUrl ?? baseUrlOf(host, port) },
    metricsPort: v.POSTHORN_METRICS_PORT,
    healthPort: v.POSTHORN_HEALTH_PORT,
    samplePort: v.POSTHORN_SAMPLE_PORT,
    dataDir: v.POSTHORN_DATA_DIR,
    adminKey: v.POSTHORN_ADMIN_KEY,
    encryptionKeys: v.POSTHORN_ENCRYPTION_KEYS,
    trustedProxies: v.POSTHORN_TRUSTED_PROXIES,
    allowTargets: v.POSTHORN_ALLOW_TARGETS ?? (localOnly && !noTargets ? LOOPBACK : []),
    denyTargets: v.POSTHORN_DENY_TARGETS,
    nat64Prefixes: v.POSTHORN_NAT64_PREFIXES,
    userAgent: v.POSTHORN_USER_AGENT ?? userAgentOf(v.POSTHORN_PUBLIC_URL),
    maxBodyBytes: v.POSTHORN_MAX_BODY,
    quotas: v.POSTHORN_QUOTAS,
    grouping: v.POSTHORN_GROUPING,
    retentionMs: v.POSTHORN_RETENTION,
    logLevel: v.LOG_LEVEL,
  });
}

type WithoutUnset<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

const withoutUnset = <T extends object>(values: T): WithoutUnset<T> =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as WithoutUnset<T>;

/** The configuration for the log: passwords and keys are hidden, that they are set is not. */
export function maskedSummary(config: Config): Record<string, unknown> {
  const { databaseUrl, databaseDirectUrl, temporal, adminKey, encryptionKeys, ...rest } = config;
  const { apiKey, tlsCert, tlsKey, ...plainTemporal } = temporal;
  return {
    database: databaseUrl ? withoutPassword(databaseUrl) : 'embedded',
    ...(databaseDirectUrl && { databaseDirect: withoutPassword(databaseDirectUrl) }),
    temporal: {
      ...plainTemporal,
      address: temporal.address ?? 'local dev server',
      apiKey: apiKey ? 'set' : 'unset',
      tls: tlsCert && tlsKey ? 'client certificate' : apiKey ? 'on' : 'off',
    },
    ...rest,
    adminKey: adminKey ? 'set' : 'unset',
    encryptionKeys: encryptionKeys.length,
  };
}

/** Where nobody has said how the installation is reached, an address of ours would only look like an attack. */
const userAgentOf = (publicUrl = 'https://posthorn.example'): string => `Posthorn/${version} (+${publicUrl})`;

const LOOPBACK = ['127.0.0.0/8', '::1/128'];

/** By the address itself: a name such as 127.evil.example may lead anywhere. */
const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || host === '[::1]' || (isIPv4(host) && host.startsWith('127.'));

/** `http://host:port`; a listener on every address is reached as localhost. */
export function baseUrlOf(host: string, port: number): string {
  const name = host === '0.0.0.0' || host === '::' ? 'localhost' : host;
  return `http://${name.includes(':') ? `[${name}]` : name}:${port}`;
}

function withoutPassword(url: string): string {
  const masked = new URL(url);
  if (masked.password) masked.password = '***';
  if (masked.searchParams.has('password')) masked.searchParams.set('password', '***');
  return masked.toString();
}
