import { createSecureContext } from 'node:tls';
import type { AddressGuard } from './addresses/address-guard.ts';
import { createAddressTracker } from './addresses/address-tracker.ts';
import { createLookup, type Lookup } from './addresses/lookup.ts';
import type { ConnectionLease } from './connections/connection-pool.ts';
import { ConnectionPools, type PoolStats } from './connections/connection-pools.ts';
import type { TlsIdentity } from './connections/tls-identity.ts';
import { type AttemptError, type Failure, mentionCertificate } from './failure.ts';
import { completeHeaders } from './http/request-headers.ts';
import type { ReceiverResponse } from './http/response-reader.ts';
import type { OAuthClient } from './oauth/client-credentials.ts';
import type { EgressProxy } from './proxy/egress-proxy.ts';
import { responseOutcome } from './response-outcome.ts';
import { send } from './send.ts';
import { createTargetParser, type Target } from './target.ts';

export type OutboundRequest = {
  /** A URL that parseTargetUrl accepted. */
  url: string;
  /** Sent in this order and case. Host, Content-Length, Accept, Accept-Encoding and User-Agent are added if missing. */
  headers: Record<string, string>;
  body: Buffer;
  /**
   * Limit from DNS to the last byte of the response, in milliseconds. Waiting for a connection lease does not count.
   */
  timeoutMs: number;
  /** Neither the request nor a resend starts after this time, in milliseconds on the clock of performance.now(). */
  startBy: number;
  /** The project whose share of the process's sockets the request uses. */
  projectId: string;
  /** The receiver. Requests share connections only under the same key, so no receiver can use up those of another. */
  poolKey: string;
  /** What connections with TLS to this receiver use, if not what those to all receivers do. */
  tls?: TlsIdentity | undefined;
  /** Called once, when the request gets a connection or starts to dial. Through a proxy, only with a connection. */
  onStart?: (() => void) | undefined;
};

/** A request that is an attempt of a delivery, which not only an Outbound can send. */
export type AttemptRequest = OutboundRequest & {
  delivery: AttemptedDelivery;
  /** Sent with an access token of this client. */
  oauth?: OAuthClient | undefined;
};

/** `attempt` is the number of the attempt that the request makes. */
export type AttemptedDelivery = { id: string; attempt: number; event: string; type: string };

type Timing = {
  /** True when the request was sent a second time because the first connection was stale. */
  resent: boolean;
  startedAt: Date;
  durationMs: number;
};

export type OutboundResult =
  /** `error` is set for redirects and names the target. */
  | (ReceiverResponse & Timing & { outcome: 'delivered' | 'rejected'; error?: AttemptError })
  | (Failure & Timing & { kind: 'failed'; statusCode: null })
  /** Nothing was sent: no connection was free by `startBy`, or this process had no socket left. */
  | { kind: 'not_started' }
  /**
   * The proxy opened no tunnel, and the receiver is not at fault. `forMs`: for how long the proxy has been failing.
   * `maybeSent`: the request may have been sent over an older tunnel, which broke.
   */
  | { kind: 'proxy_failed'; forMs: number; maybeSent: boolean };

/** A request that was sent, or could not be sent to its receiver. */
export type EndedResult = Extract<OutboundResult, { kind: 'responded' | 'failed' }>;

export type Outbound = {
  post(request: OutboundRequest): Promise<OutboundResult>;
  /** Starts no further requests. Resolves when the requests in flight have ended. */
  close(): Promise<void>;
  stats(): PoolStats;
};

export type OutboundOptions = {
  guard: AddressGuard;
  /** Limit for connections to one origin under one pool key. */
  maxConnectionsPerHost?: number;
  /** Limit for all connections, in use and idle. */
  maxSockets?: number;
  /** Limit for connections that one project has in use; it never gets more than are still free. */
  maxSocketsPerProject?: number;
  /** Bytes of a response body that are kept. Reading stops there. */
  maxResponseBytes?: number;
  maxHeaderBytes?: number;
  /** Limit for unused connection pools that are kept. */
  maxIdlePools?: number;
  /** Longest idle time of a connection, in milliseconds: many receivers close idle connections after 5 s. */
  maxIdleMs?: number;
  /** Age after which a connection is closed, in milliseconds, so that requests follow a receiver that moves. */
  maxAgeMs?: number;
  /** Number of requests after which a connection is closed. */
  maxRequestsPerConnection?: number;
  /** Age at which the addresses of a kept connection's name are looked up again, in milliseconds. */
  dnsRefreshMs?: number;
  /** How long a connection must stay silent after a receiver's first response before it is reused, in milliseconds. */
  quietPeriodMs?: number;
  lookup?: Lookup;
  /** Sent if neither the profile nor the endpoint sets a User-Agent. */
  userAgent?: string;
  /** Returns epoch milliseconds; used for `startedAt`. */
  now?: () => number;
  /** PEM certificates to trust instead of those that Node.js trusts. */
  certificateAuthorities?: string[];
  /** Carries the requests to all receivers that it does not except. */
  proxy?: EgressProxy;
};

/**
 * The HTTP client for every request to a receiver: guarded addresses, one deadline, bounded responses, no redirects.
 */
export function createOutbound(options: OutboundOptions): Outbound {
  const addresses = createAddressTracker(options.lookup ?? createLookup(), options.dnsRefreshMs ?? 10_000);
  const sendDefaults = {
    guard: options.guard,
    // These come on top of maxSockets: a lease counts one socket, but a dial may try several addresses in parallel.
    spareSockets: { remaining: Math.max(4, Math.floor((options.maxSockets ?? 4_096) / 16)) },
    addresses,
    lookup: addresses.lookup,
    // Once: a context for each connection would parse the certificates again.
    secureContext:
      options.certificateAuthorities && createSecureContext({ ca: options.certificateAuthorities }),
    proxy: options.proxy,
    maxBodyBytes: options.maxResponseBytes ?? 16_384,
    maxHeaderBytes: options.maxHeaderBytes ?? 65_536,
    maxIdleMs: options.maxIdleMs ?? 4_000,
    maxAgeMs: options.maxAgeMs ?? 300_000,
    maxRequests: options.maxRequestsPerConnection ?? 1_000,
  };
  const { userAgent = 'Posthorn' } = options;
  const { maxConnectionsPerHost = 32, maxIdlePools = 500, maxSockets = 4_096, now = Date.now } = options;
  const { maxSocketsPerProject = Math.ceil(maxSockets / 2) } = options;
  const pools = new ConnectionPools({
    maxConnectionsPerHost,
    maxIdlePools,
    maxSockets,
    maxSocketsPerProject,
    quietPeriodMs: options.quietPeriodMs ?? 50,
    sweepIntervalMs: 500,
  });
  const parseTarget = createTargetParser();
  const inFlight = new Set<Promise<OutboundResult>>();
  let closed = false;

  async function attempt(request: OutboundRequest): Promise<OutboundResult> {
    const target = parseTarget(request.url);
    const identity = request.tls ? ` ${request.tls.id}` : '';
    const pool = pools.poolFor(request.projectId, `${request.poolKey} ${target.originText}${identity}`);
    const lease = await pool.acquire(request.startBy);
    if (!lease) return { kind: 'not_started' };
    try {
      return await sendOnLease(request, target, lease);
    } finally {
      pool.release(lease.connection);
    }
  }

  async function sendOnLease(
    request: OutboundRequest,
    target: Target,
    lease: ConnectionLease,
  ): Promise<OutboundResult> {
    const { headers, body, startBy, timeoutMs, projectId, tls } = request;
    const startedAt = new Date(now());
    const startedMs = performance.now();
    let started = false;
    const onStart = (): void => {
      if (!started) request.onStart?.();
      started = true;
    };
    const sendOptions = {
      ...sendDefaults,
      ...(tls && { secureContext: tls.secureContext }),
      startBy,
      projectId,
      deadlineAt: startedMs + timeoutMs,
      onStart,
    };
    const post = {
      target: target.requestTarget,
      headers: completeHeaders(headers, { host: target.host, bodyLength: body.length, userAgent }),
      body,
    };
    const sent = await send(lease, target.origin, post, sendOptions);
    if (sent.kind === 'not_sent') return { kind: 'not_started' };
    if (sent.kind === 'proxy_failed') return sent;

    const timing = { resent: sent.resent, startedAt, durationMs: performance.now() - startedMs };
    const { result } = sent;
    if (result.kind === 'failed') {
      const failure = tls?.hasClientCertificate ? mentionCertificate(result.failure) : result.failure;
      return { kind: 'failed', ...failure, statusCode: null, ...timing };
    }
    return { ...result, ...responseOutcome(result.statusCode, result.headers, target.url), ...timing };
  }

  return {
    post: (request) => {
      if (closed) return Promise.resolve({ kind: 'not_started' });
      const result = attempt(request);
      inFlight.add(result);
      return result.finally(() => inFlight.delete(result));
    },
    close: async () => {
      closed = true;
      pools.close();
      await Promise.allSettled(inFlight);
    },
    stats: () => pools.stats(),
  };
}
