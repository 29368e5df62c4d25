import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { z } from 'zod';
import { isTranslationPrefix } from '../egress/addresses/nat64.ts';
import { parseDuration } from '../policy/duration.ts';
import { DEFAULT_QUOTAS, parseQuotas, type Quotas } from '../policy/quotas.ts';

const UNIT_BYTES: Record<string, number> = { '': 1, b: 1, kb: 1024, mb: 1024 ** 2 };

/** A text that `read` understands, or a problem in the words of `expected`. */
const readAs = <T>(expected: string, read: (text: string) => T | undefined) =>
  z.string().transform((text, context): T => {
    const value = read(text.trim());
    if (value !== undefined) return value;
    context.addIssue(`is not ${expected}`);
    return z.NEVER;
  });

const port = readAs('a port from 0 to 65535', (text) => {
  const value = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  return value <= 65_535 ? value : undefined;
});

const connections = readAs('a number of connections from 2 to 200', (text) => {
  const value = /^\d{1,3}$/.test(text) ? Number(text) : Number.NaN;
  return value >= 2 && value <= 200 ? value : undefined;
});

const httpUrl = readAs('an http:// or https:// URL', (text) =>
  URL.canParse(text) && /^https?:$/.test(new URL(text).protocol) ? text.replace(/\/+$/, '') : undefined,
);

const databaseUrl = readAs('a postgres:// URL', (text) =>
  URL.canParse(text) && /^postgres(ql)?:$/.test(new URL(text).protocol) ? text : undefined,
);

const hostAndPort = readAs('host:port', (text) => (/^\S+:\d{1,5}$/.test(text) ? text : undefined));

const hostsAndPorts = readAs('a comma list of host:port', (text) => {
  const servers = text.split(',').map((server) => server.trim());
  return servers.every((server) => /^[^\s/]+:\d{1,5}$/.test(server)) ? servers : undefined;
});

const bytes = readAs('a size like 512kb or 1mb', (text) => {
  const [, count, unit] = /^(\d{1,9})\s*(b|kb|mb)?$/i.exec(text) ?? [];
  return Number(count) * UNIT_BYTES[(unit ?? '').toLowerCase()]! || undefined;
});

const durationMs = readAs(
  'a duration like 12h or 30d',
  (text) => (parseDuration(text) ?? 0) * 1000 || undefined,
);

/** Sent as a bearer token: what HTTP cannot carry can never match. */
const token = readAs('a key of visible ASCII characters without spaces', (text) =>
  /^[\x21-\x7e]+$/.test(text) ? text : undefined,
);

const quotas = z.string().transform((text, context): Quotas => {
  const read = parseQuotas(text);
  if (typeof read !== 'string') return read;
  context.addIssue(`is not ${read}`);
  return z.NEVER;
});

const headerValue = readAs('a header value of visible ASCII characters and spaces', (text) =>
  /^[\x20-\x7e]+$/.test(text) ? text : undefined,
);

/** As many as nobody guesses: it opens every project. */
const MIN_ADMIN_KEY = 32;
const adminKey = readAs(
  `a key of at least ${MIN_ADMIN_KEY} visible ASCII characters without spaces (openssl rand -hex 24 makes one)`,
  (text) => (/^[\x21-\x7e]+$/.test(text) && text.length >= MIN_ADMIN_KEY ? text : undefined),
);

const encryptionKeys = readAs('a comma list of base64 keys of 32 bytes each', (text) => {
  const keys = text.split(',').map((key) => key.trim());
  const decoded = keys
    .filter((key) => /^[A-Za-z0-9+/]+={0,2}$/.test(key))
    .map((key) => Buffer.from(key, 'base64'));
  return decoded.length === keys.length && decoded.every((key) => key.length === 32) ? decoded : undefined;
});

const cidrs = readAs('a comma list of networks like 10.0.0.0/8,fd00::/8', (text) => {
  const networks = text.split(',').map((network) => network.trim());
  return networks.every(isNetwork) ? networks : undefined;
});

function isNetwork(network: string): boolean {
  const [, address = '', prefix = ''] = /^([^/]+)\/(\d{1,3})$/.exec(network) ?? [];
  return isIP(address) > 0 && Number(prefix) <= (isIP(address) === 4 ? 32 : 128);
}

const nat64Prefixes = readAs(
  'a comma list of NAT64 prefixes like 2001:db8:64::/96, of 32, 40, 48, 56, 64 or 96 bits',
  (text) => {
    const prefixes = text.split(',').map((prefix) => prefix.trim());
    return prefixes.every(isTranslationPrefix) ? prefixes : undefined;
  },
);

/** The PEM text itself, or the path of a file that holds it. */
const pem = readAs('PEM text, or the path of a readable PEM file', (text) => {
  if (text.includes('-----BEGIN ')) return Buffer.from(text);
  try {
    const content = readFileSync(text);
    return content.includes('-----BEGIN ') ? content : undefined;
  } catch {
    return undefined;
  }
});

/** Every variable that Posthorn reads, with its default. */
export const environmentSchema = z.object({
  DATABASE_URL: databaseUrl.optional(),
  DATABASE_DIRECT_URL: databaseUrl.optional(),
  POSTHORN_DATABASE_POOL: connections.default(10),
  TEMPORAL_ADDRESS: hostAndPort.optional(),
  TEMPORAL_NAMESPACE: z.string().default('default'),
  TEMPORAL_API_KEY: token.optional(),
  TEMPORAL_TLS_CERT: pem.optional(),
  TEMPORAL_TLS_KEY: pem.optional(),
  TEMPORAL_UI_URL: httpUrl.optional(),
  TEMPORAL_CLI_PATH: z.string().optional(),
  POSTHORN_HOST: z.string().default('127.0.0.1'),
  POSTHORN_PORT: port.default(4000),
  POSTHORN_PUBLIC_URL: httpUrl.optional(),
  POSTHORN_METRICS_PORT: port.optional(),
  POSTHORN_HEALTH_PORT: port.optional(),
  POSTHORN_SAMPLE_PORT: port.optional(),
  POSTHORN_DATA_DIR: z.string().default('.posthorn'),
  POSTHORN_ADMIN_KEY: adminKey.optional(),
  POSTHORN_ENCRYPTION_KEYS: encryptionKeys.default([]),
  POSTHORN_ALLOW_TARGETS: cidrs.optional(),
  POSTHORN_DENY_TARGETS: hostsAndPorts.optional(),
  POSTHORN_NAT64_PREFIXES: nat64Prefixes.optional(),
  POSTHORN_TRUSTED_PROXIES: cidrs.optional(),
  POSTHORN_USER_AGENT: headerValue.optional(),
  POSTHORN_MAX_BODY: bytes.default(1024 ** 2),
  POSTHORN_QUOTAS: quotas.default(DEFAULT_QUOTAS),
  POSTHORN_GROUPING: z.enum(['auto', 'never'], 'is neither auto nor never').default('auto'),
  LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error'], 'is not debug, info, warn or error').optional(),
  POSTHORN_RETENTION: durationMs.default(30 * 86_400_000),
});

export type Environment = z.infer<typeof environmentSchema>;
