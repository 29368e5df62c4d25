import { isIPv4 } from 'node:net';
import type { PortRange } from '../egress/addresses/ports.ts';
import { DEFAULT_NO_PROXY } from '../egress/proxy/no-proxy.ts';
import type { ProxyAddress } from '../egress/proxy/proxy-url.ts';
import { deploymentConfigOf, type TemporalConfig } from './temporal-config.ts';
import { type TemporalProfile, withTemporalProfile } from './temporal-profile.ts';
import { type Environment, environmentSchema } from './variables.ts';
import { version } from './version.ts';

export type Command =
  | 'start'
  | 'api'
  | 'worker'
  | 'migrate'
  | 'deployment'
  | 'doctor'
  | 'try'
  | 'dashboard'
  | 'client';

export type Config = {
  /** If unset, the embedded Postgres is used. */
  databaseUrl?: string;
  /** Postgres connections for requests and claims. Records, releases, heartbeats and reads have separate pools. */
  databasePool: number;
  /** The same database without the pooler that databaseUrl leads to. */
  databaseDirectUrl?: string;
  temporal: TemporalConfig;
  http: { host: string; port: number; publicUrl: string };
  metricsPort?: number;
  /** Port of `/healthz` and `/readyz`, on http.host. */
  healthPort?: number;
  /** If unset, the previous port, or 4001. */
  samplePort?: number;
  dataDir: string;
  /** If this is unset or encryptionKeys is empty, the embedded installation uses its own (readOrCreateLocalSecrets). */
  adminKey?: string;
  /** 32 bytes each. The first encrypts, all decrypt. */
  encryptionKeys: Buffer[];
  /** CIDRs of private networks that endpoints may use. */
  allowTargets: string[];
  /** Ports that receivers may use; if unset, any. */
  allowPorts?: PortRange[];
  /** CIDRs of proxies whose header X-Forwarded-For is trusted. */
  trustedProxies?: string[];
  /** `host:port` of additional servers that are never targets. */
  denyTargets?: string[];
  /** NAT64 prefixes of the network, in addition to the well-known ones. */
  nat64Prefixes?: string[];
  /** The proxy for requests to receivers. */
  egressProxy?: ProxyAddress;
  /** Receivers that are reached without the proxy; set if there is a proxy. */
  noProxy?: string[];
  /** Certificates (PEM) of authorities to trust for receivers, in addition to those that Node.js trusts. */
  extraAuthorities?: string[];
  /** Ports of the embedded servers on this machine, which are never targets. */
  embeddedPorts?: number[];
  /** The User-Agent of every request to a receiver. */
  userAgent: string;
  maxBodyBytes: number;
  /** The pages that are served. */
  ui: Environment['POSTHORN_UI'];
  /** Whether endpoints may be listeners. */
  listeners: boolean;
  /** Limits of a tenant: resources, and operations per minute. */
  quotas: Environment['POSTHORN_QUOTAS'];
  grouping: 'auto' | 'never';
  /** A retry that is further away waits in Postgres instead of a workflow. */
  maxWorkflowWaitMs: number;
  /** Steps after which the history of a job's workflow begins anew. Only tests set it. */
  jobStepsPerRun?: number;
  /** Events after which the history of a workflow of deliveries begins anew. Only tests set it. */
  eventsPerRun?: number;
  /** Deliveries a second of a backlog to one receiver; 0: no limit. */
  drainRate: number;
  /** What makes the first attempt of a new delivery: its workflow, or with `express` the process that accepted it. */
  firstAttempt: Environment['POSTHORN_FIRST_ATTEMPT'];
  retentionMs: number;
  auditRetentionMs: number;
  /** How long figures of whole days are kept; those of shorter spans are removed earlier. */
  statisticsRetentionMs: number;
  /** The endpoints that have metrics of their own. If unset, none. */
  endpointMetrics?: NonNullable<Environment['POSTHORN_ENDPOINT_METRICS']>;
  /** Where spans are exported. If unset, nowhere. */
  otlp?: OtlpConfig;
  /** Whether attempts have the header `traceparent`. */
  sendsTraceparent?: boolean;
  /** If unset, the default level of the command. */
  logLevel?: 'debug' | 'info' | 'warn' | 'error';
};

export type OtlpConfig = {
  /** Base URL of the collector, without a trailing slash. */
  url: string;
  /** Of every request. Secrets. */
  headers: Record<string, string>;
  /** The share of traces that begin here to export, from 0 to 1. */
  sampling: number;
};

/** Lists all problems of the configuration, so that they can be corrected at once. */
export class ConfigError extends Error {
  readonly problems: string[];
  constructor(problems: string[]) {
    super(`The configuration has problems:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

/** Reads the variables of docs/configuration.md. An empty variable counts as unset. Throws ConfigError with all problems. */
export function readConfig(env: NodeJS.ProcessEnv, command: Command): Config {
  const setVariables = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const { variables, profile, problems } = readTemporalProfile(setVariables);
  const parsed = environmentSchema.safeParse(variables);
  if (!parsed.success) problems.push(...parsed.error.issues.map((i) => `${i.path.join('.')} ${i.message}`));
  problems.push(...missingFor(command, variables));
  if (!parsed.success || problems.length > 0) throw new ConfigError(problems);

  const isEmpty = (name: string): boolean => env[name] === '';
  return toConfig(parsed.data, profile, isEmpty);
}

function readTemporalProfile(
  variables: NodeJS.ProcessEnv,
): ReturnType<typeof withTemporalProfile> & { problems: string[] } {
  try {
    return { ...withTemporalProfile(variables), problems: [] };
  } catch (error) {
    // The lines after the first one show the part of the file, which may have a key.
    const [reason] = (error as Error).message.split('\n');
    const name = variables.TEMPORAL_CONFIG_FILE === undefined ? 'TEMPORAL_PROFILE' : 'TEMPORAL_CONFIG_FILE';
    return { variables, profile: {}, problems: [`${name} cannot be used: ${reason}`] };
  }
}

function missingFor(command: Command, env: NodeJS.ProcessEnv): string[] {
  if (command === 'try' || command === 'dashboard' || command === 'client') return [];
  const embedded = (command === 'start' || command === 'doctor') && !env.DATABASE_URL;
  const needsServers = command === 'api' || command === 'worker';
  const problems: string[] = [];
  const requireVariable = (name: string, when: boolean) => {
    if (when && env[name] === undefined) problems.push(`${name} is required for "posthorn ${command}"`);
  };
  requireVariable('DATABASE_URL', needsServers || command === 'migrate');
  requireVariable('TEMPORAL_ADDRESS', needsServers);
  requireVariable('POSTHORN_ADMIN_KEY', !embedded && (command === 'start' || command === 'api'));
  requireVariable('POSTHORN_ENCRYPTION_KEYS', !embedded && command !== 'migrate' && command !== 'deployment');
  if (env.DATABASE_DIRECT_URL !== undefined && env.DATABASE_URL === undefined) {
    problems.push(
      'DATABASE_DIRECT_URL is set, but DATABASE_URL is not: without a pooler, set only DATABASE_URL',
    );
  }
  if ((env.TEMPORAL_TLS_CERT === undefined) !== (env.TEMPORAL_TLS_KEY === undefined)) {
    problems.push('TEMPORAL_TLS_CERT and TEMPORAL_TLS_KEY must be set together');
  }
  return problems;
}

/** `isEmpty`: whether a variable is set but empty. */
function toConfig(v: Environment, profile: TemporalProfile, isEmpty: (name: string) => boolean): Config {
  const [host, port] = [v.POSTHORN_HOST, v.POSTHORN_PORT];
  const publicUrl = v.POSTHORN_PUBLIC_URL;
  // If others can reach the API, tenants may be on other machines, and must not reach servers on this one.
  const isPublic = !isLoopback(host) || (publicUrl !== undefined && !isLoopback(new URL(publicUrl).hostname));
  const localOnly = v.DATABASE_URL === undefined && !isPublic;
  return omitUndefined({
    databaseUrl: v.DATABASE_URL,
    databasePool: v.POSTHORN_DATABASE_POOL,
    databaseDirectUrl: v.DATABASE_DIRECT_URL,
    temporal: omitUndefined({
      namespace: v.TEMPORAL_NAMESPACE,
      taskQueue: v.TEMPORAL_TASK_QUEUE,
      address: v.TEMPORAL_ADDRESS,
      apiKey: v.TEMPORAL_API_KEY,
      tlsCert: v.TEMPORAL_TLS_CERT,
      tlsKey: v.TEMPORAL_TLS_KEY,
      tlsServerCa: v.TEMPORAL_TLS_SERVER_CA,
      tlsServerName: v.TEMPORAL_TLS_SERVER_NAME,
      ...profile,
      deployment: deploymentConfigOf(v),
      uiUrl: v.TEMPORAL_UI_URL,
      cliPath: v.TEMPORAL_CLI_PATH,
    }),
    http: { host, port, publicUrl: publicUrl ?? baseUrlOf(host, port) },
    metricsPort: v.POSTHORN_METRICS_PORT,
    healthPort: v.POSTHORN_HEALTH_PORT,
    endpointMetrics: v.POSTHORN_ENDPOINT_METRICS ?? undefined,
    samplePort: v.POSTHORN_SAMPLE_PORT,
    dataDir: v.POSTHORN_DATA_DIR,
    adminKey: v.POSTHORN_ADMIN_KEY,
    encryptionKeys: v.POSTHORN_ENCRYPTION_KEYS,
    trustedProxies: v.POSTHORN_TRUSTED_PROXIES,
    allowTargets:
      v.POSTHORN_ALLOW_TARGETS ?? (localOnly && !isEmpty('POSTHORN_ALLOW_TARGETS') ? LOOPBACK : []),
    allowPorts: v.POSTHORN_ALLOW_PORTS,
    denyTargets: v.POSTHORN_DENY_TARGETS,
    nat64Prefixes: v.POSTHORN_NAT64_PREFIXES,
    egressProxy: v.POSTHORN_EGRESS_PROXY,
    noProxy:
      v.POSTHORN_EGRESS_PROXY &&
      (v.POSTHORN_NO_PROXY ?? (isEmpty('POSTHORN_NO_PROXY') ? [] : DEFAULT_NO_PROXY)),
    extraAuthorities: v.POSTHORN_EXTRA_CA,
    userAgent: v.POSTHORN_USER_AGENT ?? userAgentOf(v.POSTHORN_PUBLIC_URL),
    maxBodyBytes: v.POSTHORN_MAX_BODY,
    ui: isEmpty('POSTHORN_UI') ? [] : v.POSTHORN_UI,
    listeners: v.POSTHORN_LISTENERS === 'on',
    quotas: v.POSTHORN_QUOTAS,
    grouping: v.POSTHORN_GROUPING,
    maxWorkflowWaitMs: v.POSTHORN_WORKFLOW_WAIT,
    drainRate: v.POSTHORN_DRAIN_RATE,
    firstAttempt: v.POSTHORN_FIRST_ATTEMPT,
    retentionMs: v.POSTHORN_RETENTION,
    auditRetentionMs: v.POSTHORN_AUDIT_RETENTION,
    statisticsRetentionMs: v.POSTHORN_STATISTICS_RETENTION,
    otlp: otlpConfigOf(v),
    sendsTraceparent: v.POSTHORN_SEND_TRACEPARENT === 'on' || undefined,
    logLevel: v.LOG_LEVEL,
  });
}

const otlpConfigOf = (v: Environment): OtlpConfig | undefined =>
  v.POSTHORN_OTLP_URL === undefined
    ? undefined
    : {
        url: v.POSTHORN_OTLP_URL,
        headers: v.POSTHORN_OTLP_HEADERS ?? {},
        sampling: v.POSTHORN_TRACE_SAMPLING,
      };

type OmitUndefined<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

const omitUndefined = <T extends object>(values: T): OmitUndefined<T> =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as OmitUndefined<T>;

/** Without a public URL, the header contains a placeholder: a local address would look like an attack to receivers. */
const userAgentOf = (publicUrl = 'https://posthorn.example'): string => `Posthorn/${version} (+${publicUrl})`;

const LOOPBACK = ['127.0.0.0/8', '::1/128'];
/** Checks addresses only: a name such as 127.evil.example may lead anywhere. */
const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || host === '[::1]' || (isIPv4(host) && host.startsWith('127.'));

/** `http://host:port`, with localhost for a listener on all addresses. */
export function baseUrlOf(host: string, port: number): string {
  const name = host === '0.0.0.0' || host === '::' ? 'localhost' : host;
  return `http://${name.includes(':') ? `[${name}]` : name}:${port}`;
}
