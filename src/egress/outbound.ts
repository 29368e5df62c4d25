import type { AddressGuard } from './addresses/address-guard.ts';
import { createAddressTracker } from './addresses/address-tracker.ts';
import { createLookup, type Lookup } from './addresses/lookup.ts';
import type { ConnectionLease } from './connections/connection-pool.ts';
import { ConnectionPools, type PoolStats } from './connections/connection-pools.ts';
import type { AttemptError, Failure } from './failure.ts';
import { completeHeaders } from './http/request-headers.ts';
import type { ReceiverResponse } from './http/response-reader.ts';
import { redirectError } from './redirect.ts';
import { send } from './send.ts';
import { originOf, requestTargetOf } from './target-url.ts';

export type OutboundRequest = {
  /** As parseTargetUrl accepted it. */
  url: string;
  /** Sent in this order and case; host, content-length, accept, accept-encoding and user-agent are added where missing. */
  headers: Record<string, string>;
  body: Buffer;
  /** Milliseconds for all of it, DNS to the last byte, counted from the moment a connection is given or dialed. */
  timeoutMs: number;
  /** On the clock of performance.now(): a request, or a re-send, whose turn has not come by then is not started. */
  startBy: number;
  /** Whose share of the process's sockets it uses. */
  projectId: string;
  /** The receiver. Connections are shared only under the same key, so that no receiver uses up another's. */
  poolKey: string;
  /** Called once, when the request gets its connection or begins to dial. */
  onStart?: () => void;
};

type Timing = {
  /** True when a stale connection made us send the request a second time. */
  resent: boolean;
  startedAt: Date;
  durationMs: number;
};

export type OutboundResult =
  /** `error` tells the target of a redirect. */
  | (ReceiverResponse & Timing & { outcome: 'delivered' | 'rejected'; error?: AttemptError })
  | (Failure & Timing & { kind: 'failed'; statusCode: null })
  /** No turn came by startBy, or this process had no socket left: nothing was sent, and nobody is to blame. */
  | { kind: 'not_started' };

export type Outbound = {
  post(request: OutboundRequest): Promise<OutboundResult>;
  /** Starts nothing more; resolves when what is under way has ended. */
  close(): Promise<void>;
  stats(): PoolStats;
};

export type OutboundOptions = {
  guard: AddressGuard;
  /** Connections to one origin under one pool key. */
  maxConnectionsPerHost?: number;
  /** Connections in all, in use and idle. */
  maxSockets?: number;
  /** Connections that one project may have in use; never more than are still free. */
  maxSocketsPerProject?: number;
  /** Bytes of an answer's body that are kept; reading stops there. */
  maxResponseBytes?: number;
  maxHeaderBytes?: number;
  /** Pools that are kept although nothing is under way in them. */
  maxIdlePools?: number;
  /** Longest rest of a connection between two requests: many receivers close theirs after 5 s. */
  maxIdleMs?: number;
  /** Age and requests after which a connection is closed, so that a receiver that moves is followed. */
  maxAgeMs?: number;
  maxRequestsPerConnection?: number;
  /** How old the answer for a name may be before it is asked again because of kept connections. */
  dnsRefreshMs?: number;
  /** How long after a receiver's first answer its connection must be silent before it is used again. */
  quietPeriodMs?: number;
  lookup?: Lookup;
  /** Sent where neither profile nor endpoint has one of its own. */
  userAgent?: string;
  /** Epoch milliseconds, for the time at which an attempt is said to have begun. */
  now?: () => number;
  /** PEM certificates to trust instead of the built-in ones. */
  certificateAuthorities?: string[];
};

/** The client for every request to a receiver: guarded addresses, one deadline, bounded answers, no redirects. */
export function createOutbound(options: OutboundOptions): Outbound {
  const addresses = createAddressTracker(options.lookup ?? createLookup(), options.dnsRefreshMs ?? 10_000);
  const fixedRules = {
    guard: options.guard,
    // Beside maxSockets: a turn in a pool is for one socket, and a second address of a name takes another for a while.
    spareSockets: { remaining: Math.max(4, Math.floor((options.maxSockets ?? 4_096) / 16)) },
    addresses,
    lookup: addresses.lookup,
    certificateAuthorities: options.certificateAuthorities,
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
  const underWay = new Set<Promise<OutboundResult>>();
  let closed = false;

  async function attempt(request: OutboundRequest): Promise<OutboundResult> {
    const url = new URL(request.url);
    const pool = pools.poolFor(request.projectId, `${request.poolKey} ${url.origin}`);
    const turn = await pool.acquire(request.startBy);
    if (!turn) return { kind: 'not_started' };
    try {
      request.onStart?.();
      return await carryOut(request, url, turn);
    } finally {
      pool.release(turn.connection);
    }
  }

  async function carryOut(
    request: OutboundRequest,
    url: URL,
    turn: ConnectionLease,
  ): Promise<OutboundResult> {
    const { headers, body, startBy, timeoutMs } = request;
    const startedAt = new Date(now());
    const startedMs = performance.now();
    const rules = { ...fixedRules, startBy, deadlineAt: startedMs + timeoutMs };
    const post = {
      target: requestTargetOf(url),
      headers: completeHeaders(headers, { host: url.host, bodyLength: body.length, userAgent }),
      body,
    };
    const sent = await send(turn, originOf(url), post, rules);
    if (sent.kind === 'not_sent') return { kind: 'not_started' };

    const timing = { resent: sent.resent, startedAt, durationMs: performance.now() - startedMs };
    const { result } = sent;
    if (result.kind === 'failed') return { kind: 'failed', ...result.failure, statusCode: null, ...timing };
    const isSuccess = result.statusCode >= 200 && result.statusCode <= 299;
    const error = redirectError(result.statusCode, result.headers.location, url);
    return { ...result, outcome: isSuccess ? 'delivered' : 'rejected', ...(error && { error }), ...timing };
  }

  return {
    post: (request) => {
      if (closed) return Promise.resolve({ kind: 'not_started' });
      const result = attempt(request);
      underWay.add(result);
      return result.finally(() => underWay.delete(result));
    },
    close: async () => {
      closed = true;
      pools.close();
      await Promise.allSettled(underWay);
    },
    stats: () => pools.stats(),
  };
}
