import { isIP } from 'node:net';
import { z } from 'zod';
import { isTranslationPrefix } from '../egress/addresses/nat64.ts';
import { parsePortRanges } from '../egress/addresses/ports.ts';
import { isNoProxyEntry } from '../egress/proxy/no-proxy.ts';
import { parseProxyUrl } from '../egress/proxy/proxy-url.ts';
import { parseDuration } from '../policy/duration.ts';
import { parseEndpointSelection } from '../policy/endpoint-selection.ts';
import { DEFAULT_QUOTAS, parseQuotas, type Quotas } from '../policy/quotas.ts';
import { readCertificates, readPem } from './pem.ts';

const UNIT_BYTES: Record<string, number> = { '': 1, b: 1, kb: 1024, mb: 1024 ** 2 };

/** Parses a text, or reports that it is not `expected` if `parse` returns undefined. */
const parsedAs = <T>(expected: string, parse: (text: string) => T | undefined) =>
  z.string().transform((text, context): T => {
    const value = parse(text.trim());
    if (value !== undefined) return value;
    context.addIssue(`is not ${expected}`);
    return z.NEVER;
  });

const port = parsedAs('a port from 0 to 65535', (text) => {
  const value = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  return value <= 65_535 ? value : undefined;
});

const portRanges = parsedAs('a comma-separated list of ports like 443,8000-8999', parsePortRanges);

const connections = parsedAs('a number of connections from 2 to 200', (text) => {
  const value = /^\d{1,3}$/.test(text) ? Number(text) : Number.NaN;
  return value >= 2 && value <= 200 ? value : undefined;
});

const drainRate = parsedAs('a number of deliveries a second from 0 to 10000', (text) => {
  const value = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  return value <= 10_000 ? value : undefined;
});

const httpUrl = parsedAs('an http:// or https:// URL', (text) =>
  URL.canParse(text) && /^https?:$/.test(new URL(text).protocol) ? text.replace(/\/+$/, '') : undefined,
);

const databaseUrl = parsedAs('a postgres:// URL', (text) =>
  URL.canParse(text) && /^postgres(ql)?:$/.test(new URL(text).protocol) ? text : undefined,
);

const proxyUrl = parsedAs(
  'an http:// or https:// URL of a proxy, with a percent-encoded user name and password if it needs them',
  parseProxyUrl,
);

const noProxy = parsedAs(
  'a comma-separated list of names, addresses and networks like .example.com,10.0.0.0/8, or *',
  (text) => {
    const entries = text.split(/[\s,]+/).filter(Boolean);
    return entries.every(isNoProxyEntry) ? entries : undefined;
  },
);

const hostAndPort = parsedAs('host:port', (text) => (/^\S+:\d{1,5}$/.test(text) ? text : undefined));

const serverName = parsedAs('a host name', (text) =>
  /^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/i.test(text) ? text : undefined,
);

/** The name with `-slow` is the second queue, so it must not be the first one of another installation. */
const taskQueue = parsedAs(
  'a name of up to 100 letters, digits, dots, hyphens and underscores that does not end in -slow',
  (text) => (/^[\w.-]{1,100}$/.test(text) && !text.endsWith('-slow') ? text : undefined),
);

/** Temporal puts `.` or `:` between a deployment's name and a build id. */
const deploymentName = parsedAs('a name of up to 100 letters, digits, hyphens and underscores', (text) =>
  /^[\w-]{1,100}$/.test(text) ? text : undefined,
);

const buildId = parsedAs(
  'an id of up to 100 letters, digits, dots, hyphens, underscores and plus signs',
  (text) => (/^[\w.+-]{1,100}$/.test(text) ? text : undefined),
);

const hostsAndPorts = parsedAs('a comma-separated list of host:port', (text) => {
  const servers = text.split(',').map((server) => server.trim());
  return servers.every((server) => /^[^\s/]+:\d{1,5}$/.test(server)) ? servers : undefined;
});

const bytes = parsedAs('a size like 512kb or 1mb', (text) => {
  const [, count, unit] = /^(\d{1,9})\s*(b|kb|mb)?$/i.exec(text) ?? [];
  return Number(count) * UNIT_BYTES[(unit ?? '').toLowerCase()]! || undefined;
});

const durationMs = parsedAs(
  'a duration like 12h or 30d',
  (text) => (parseDuration(text) ?? 0) * 1000 || undefined,
);

/** Sent as a bearer token, so only characters that an HTTP header can contain are allowed. */
const token = parsedAs('a key of visible ASCII characters without spaces', (text) =>
  /^[\x21-\x7e]+$/.test(text) ? text : undefined,
);

const quotas = z.string().transform((text, context): Quotas => {
  const parsed = parseQuotas(text);
  if (typeof parsed !== 'string') return parsed;
  context.addIssue(`is not ${parsed}`);
  return z.NEVER;
});

const share = parsedAs('a number from 0 to 1', (text) =>
  /^(?:0|1|[01]?\.\d{1,6}|1\.0+)$/.test(text) && Number(text) <= 1 ? Number(text) : undefined,
);

const headers = parsedAs('a comma-separated list of name=value, with percent-encoded values', (text) => {
  const pairs = text.split(',').map((pair) => /^\s*([\w-]+)=((?:[^%\s]|%[0-9a-f]{2})*)\s*$/i.exec(pair));
  if (!pairs.every((pair) => pair !== null)) return undefined;
  try {
    return Object.fromEntries(pairs.map(([, name, value]) => [name!, decodeURIComponent(value!)]));
  } catch {
    return undefined; // not UTF-8
  }
});

/** A name and a password belong into the headers: fetch accepts none in a URL. */
const collectorUrl = parsedAs('an http:// or https:// URL without a user name, query and fragment', (text) =>
  URL.canParse(text) && /^https?:\/\/[^@?#]+$/.test(text) ? text.replace(/\/+$/, '') : undefined,
);

const endpointSelection = parsedAs(
  'off, all, or a comma-separated list of up to 500 ids of projects (prj_…) and endpoints (ep_…)',
  parseEndpointSelection,
);

const headerValue = parsedAs('a header value of visible ASCII characters and spaces', (text) =>
  /^[\x20-\x7e]+$/.test(text) ? text : undefined,
);

/** Long enough that it cannot be guessed: the admin key opens every project. */
const MIN_ADMIN_KEY_LENGTH = 32;
const adminKey = parsedAs(
  `a key of at least ${MIN_ADMIN_KEY_LENGTH} visible ASCII characters without spaces (openssl rand -hex 24 generates one)`,
  (text) => (/^[\x21-\x7e]+$/.test(text) && text.length >= MIN_ADMIN_KEY_LENGTH ? text : undefined),
);

const encryptionKeys = parsedAs('a comma-separated list of base64 keys of 32 bytes each', (text) => {
  const keys = text.split(',').map((key) => key.trim());
  const decoded = keys
    .filter((key) => /^[A-Za-z0-9+/]+={0,2}$/.test(key))
    .map((key) => Buffer.from(key, 'base64'));
  return decoded.length === keys.length && decoded.every((key) => key.length === 32) ? decoded : undefined;
});

const cidrs = parsedAs('a comma-separated list of networks like 10.0.0.0/8,fd00::/8', (text) => {
  const networks = text.split(',').map((network) => network.trim());
  return networks.every(isNetwork) ? networks : undefined;
});

function isNetwork(network: string): boolean {
  const [, address = '', prefix = ''] = /^([^/]+)\/(\d{1,3})$/.exec(network) ?? [];
  return isIP(address) > 0 && Number(prefix) <= (isIP(address) === 4 ? 32 : 128);
}

const nat64Prefixes = parsedAs(
  'a comma-separated list of NAT64 prefixes like 2001:db8:64::/96, of 32, 40, 48, 56, 64 or 96 bits',
  (text) => {
    const prefixes = text.split(',').map((prefix) => prefix.trim());
    return prefixes.every(isTranslationPrefix) ? prefixes : undefined;
  },
);

const pem = parsedAs('PEM text, or the path of a readable PEM file', readPem);

const certificates = parsedAs(
  'PEM text with valid certificates, or the path of a readable PEM file',
  readCertificates,
);

const UI_NAMES = ['dashboard', 'portal'] as const;
const uiNames = parsedAs('a comma-separated list of dashboard and portal', (text) => {
  const names = text.split(',').map((name) => name.trim());
  const known = UI_NAMES.filter((name) => names.includes(name));
  return names.every((name) => UI_NAMES.some((known) => known === name)) ? known : undefined;
});

/** Every variable that Posthorn reads, with its default. */
export const environmentSchema = z.object({
  DATABASE_URL: databaseUrl.optional(),
  DATABASE_DIRECT_URL: databaseUrl.optional(),
  POSTHORN_DATABASE_POOL: connections.default(10),
  TEMPORAL_ADDRESS: hostAndPort.optional(),
  TEMPORAL_NAMESPACE: z.string().default('default'),
  TEMPORAL_TASK_QUEUE: taskQueue.default('posthorn'),
  TEMPORAL_API_KEY: token.optional(),
  TEMPORAL_TLS_CERT: pem.optional(),
  TEMPORAL_TLS_KEY: pem.optional(),
  TEMPORAL_TLS_SERVER_CA: pem.optional(),
  TEMPORAL_TLS_SERVER_NAME: serverName.optional(),
  TEMPORAL_CONFIG_FILE: z.string().optional(),
  TEMPORAL_PROFILE: z.string().optional(),
  TEMPORAL_UI_URL: httpUrl.optional(),
  TEMPORAL_CLI_PATH: z.string().optional(),
  POSTHORN_HOST: z.string().default('127.0.0.1'),
  POSTHORN_PORT: port.default(4000),
  POSTHORN_PUBLIC_URL: httpUrl.optional(),
  POSTHORN_METRICS_PORT: port.optional(),
  POSTHORN_HEALTH_PORT: port.optional(),
  POSTHORN_ENDPOINT_METRICS: endpointSelection.default(null),
  POSTHORN_SAMPLE_PORT: port.optional(),
  POSTHORN_DATA_DIR: z.string().default('.posthorn'),
  POSTHORN_ADMIN_KEY: adminKey.optional(),
  POSTHORN_ENCRYPTION_KEYS: encryptionKeys.default([]),
  POSTHORN_ALLOW_TARGETS: cidrs.optional(),
  POSTHORN_ALLOW_PORTS: portRanges.optional(),
  POSTHORN_DENY_TARGETS: hostsAndPorts.optional(),
  POSTHORN_NAT64_PREFIXES: nat64Prefixes.optional(),
  POSTHORN_EGRESS_PROXY: proxyUrl.optional(),
  POSTHORN_NO_PROXY: noProxy.optional(),
  POSTHORN_EXTRA_CA: certificates.optional(),
  POSTHORN_TRUSTED_PROXIES: cidrs.optional(),
  POSTHORN_USER_AGENT: headerValue.optional(),
  POSTHORN_MAX_BODY: bytes.default(1024 ** 2),
  POSTHORN_QUOTAS: quotas.default(DEFAULT_QUOTAS),
  POSTHORN_GROUPING: z.enum(['auto', 'never'], 'is not auto or never').default('auto'),
  POSTHORN_DEPLOYMENT: deploymentName.optional(),
  POSTHORN_BUILD_ID: buildId.optional(),
  POSTHORN_DEPLOYMENT_PROMOTE: z.enum(['auto', 'manual'], 'is not auto or manual').default('auto'),
  POSTHORN_DRAIN_RATE: drainRate.default(20),
  POSTHORN_FIRST_ATTEMPT: z.enum(['workflow', 'express'], 'is not workflow or express').default('workflow'),
  POSTHORN_WORKFLOW_WAIT: durationMs.default(3 * 3_600_000),
  POSTHORN_UI: uiNames.default([...UI_NAMES]),
  POSTHORN_LISTENERS: z.enum(['on', 'off'], 'is not on or off').default('on'),
  POSTHORN_OTLP_URL: collectorUrl.optional(),
  POSTHORN_OTLP_HEADERS: headers.optional(),
  POSTHORN_TRACE_SAMPLING: share.default(1),
  POSTHORN_SEND_TRACEPARENT: z.enum(['on', 'off'], 'is not on or off').default('off'),
  LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error'], 'is not debug, info, warn or error').optional(),
  POSTHORN_RETENTION: durationMs.default(30 * 86_400_000),
  POSTHORN_AUDIT_RETENTION: durationMs.default(365 * 86_400_000),
  POSTHORN_STATISTICS_RETENTION: durationMs.default(400 * 86_400_000),
});

export type Environment = z.infer<typeof environmentSchema>;
