import type { Socket } from 'node:net';
import { type SecureContext, TLSSocket } from 'node:tls';
import type { AddressGuard } from '../addresses/address-guard.ts';
import type { Lookup } from '../addresses/lookup.ts';
import { Connection } from '../connections/connection.ts';
import { dial } from '../connections/dial.ts';
import { startTls } from '../connections/start-tls.ts';
import { resolveWithin } from '../deadline.ts';
import { exchange } from '../exchange.ts';
import type { AttemptError, Failure } from '../failure.ts';
import type { RequestMethod } from '../http/request-head.ts';
import { completeHeaders } from '../http/request-headers.ts';
import type { EgressProxy } from '../proxy/egress-proxy.ts';
import { redirectError } from '../redirect.ts';
import { familyOf, originOf, requestTargetOf } from '../target-url.ts';
import { type Certificate, certificateChain, shownCertificates } from './certificate-chain.ts';

export type ProbeOptions = {
  guard: AddressGuard;
  lookup: Lookup;
  proxy?: EgressProxy | undefined;
  secureContext?: SecureContext | undefined;
  userAgent: string;
  method: RequestMethod;
  /** For each step: to connect, to agree on TLS, to get a response. */
  timeoutMs: number;
};

/** How far a request to a receiver gets. A step that was not reached is missing. */
export type ReceiverProbe = {
  /** What the name resolved to, allowed or not; of a URL with an address, that address. */
  addresses: string[];
  /** Those of them that the guard does not allow. */
  refused: string[];
  throughProxy: boolean;
  /** Milliseconds until the connection was open; through a proxy, the tunnel. */
  connectedAfterMs?: number;
  tls?: { protocol: string; chain: Certificate[] };
  response?: { statusCode: number; durationMs: number; redirect?: AttemptError | undefined };
  failure?: ProbeFailure;
};

export type ProbeFailure =
  | { step: 'resolve' | 'guard' | 'connect' | 'tls' | 'respond'; error: AttemptError }
  /** The proxy opened no tunnel. `detail` continues a sentence about it. */
  | { step: 'proxy'; detail: string };

const LIMITS = { maxHeaderBytes: 65_536, maxBodyBytes: 16_384 };
const CONNECTION_LIMITS = { maxIdleMs: 0, maxAgeMs: 60_000, maxRequests: 1 };

/**
 * Sends one request the way of a delivery: the same lookup, guard, proxy and TLS. It has no signature, and a POST has the
 * body `{}`. `url` must be one that parseTargetUrl accepted.
 */
export async function probeReceiver(url: URL, options: ProbeOptions): Promise<ReceiverProbe> {
  const { guard, secureContext, timeoutMs } = options;
  const origin = originOf(url);
  const probe: ReceiverProbe = { addresses: [], refused: [], throughProxy: false };
  const failed = (failure: ProbeFailure): ReceiverProbe => ({ ...probe, failure });

  const deadlineAt = () => performance.now() + timeoutMs;
  const observed = observe(options, probe);
  /** TLS is started afterwards, so that a failure belongs to one step. */
  const connect = () => dial({ ...origin, secure: false }, observed, deadlineAt());

  const startedAt = performance.now();
  const connected = await connect();
  if (familyOf(origin.host)) probe.addresses = [origin.host];
  probe.refused = probe.addresses.filter((address) => !guard.allows(address, familyOf(address) ?? 4));
  if (connected.kind === 'proxy_failed')
    return failed({ step: 'proxy', detail: options.proxy?.status().detail ?? 'opened no tunnel' });
  if (connected.kind === 'no_socket') throw new Error('this process has no socket left');
  if (connected.kind === 'failed') return failed(connectFailure(connected.failure));
  probe.connectedAfterMs = performance.now() - startedAt;

  let { socket } = connected;
  if (origin.secure) {
    const secured = await startTls(socket, origin.host, secureContext, deadlineAt());
    if (secured.kind === 'failed') {
      const again = await connect();
      const chain =
        again.kind === 'connected' ? await shownCertificates(again.socket, origin.host, deadlineAt()) : [];
      if (chain.length > 0) probe.tls = { protocol: '', chain };
      return failed({ step: 'tls', error: secured.failure.error });
    }
    if (secured.kind !== 'connected') throw new Error('this process has no socket left');
    socket = secured.socket;
    if (socket instanceof TLSSocket)
      probe.tls = { protocol: socket.getProtocol() ?? '', chain: certificateChain(socket) };
  }
  return requestOver(socket, url, options, probe);
}

/** The rules of a delivery, which also note the addresses and the way that are used. */
function observe(options: ProbeOptions, probe: ReceiverProbe) {
  const { guard, lookup, proxy, timeoutMs } = options;
  return {
    guard,
    spareSockets: { remaining: 8 },
    projectId: 'probe',
    onStart: () => {},
    lookup: async (name: string): Promise<string[]> => {
      let later: Promise<string[]> | undefined;
      const first = await lookup(name, (others) => (later = others));
      // Both families, so that the report has all addresses.
      const others = (later && (await resolveWithin(timeoutMs, later))) ?? [];
      probe.addresses = [...first, ...others];
      return probe.addresses;
    },
    ...(proxy && {
      proxy: {
        ...proxy,
        carries: (...target: Parameters<EgressProxy['carries']>) => {
          probe.throughProxy = proxy.carries(...target);
          return probe.throughProxy;
        },
      },
    }),
  };
}

async function requestOver(
  socket: Socket,
  url: URL,
  { method, userAgent, timeoutMs }: ProbeOptions,
  probe: ReceiverProbe,
): Promise<ReceiverProbe> {
  const connection = new Connection(socket, CONNECTION_LIMITS, () => true);
  const body = Buffer.from(method === 'POST' ? '{}' : '');
  const headers = completeHeaders(method === 'POST' ? { 'content-type': 'application/json' } : {}, {
    host: url.host,
    bodyLength: body.length,
    userAgent,
  });
  const startedAt = performance.now();
  const result = await exchange(
    connection,
    { method, target: requestTargetOf(url), headers, body },
    { ...LIMITS, deadlineAt: startedAt + timeoutMs },
  );
  connection.destroy();
  if (result.kind === 'failed')
    return { ...probe, failure: { step: 'respond', error: result.failure.error } };
  const { statusCode } = result;
  const redirect = redirectError(statusCode, result.headers.location, url);
  return { ...probe, response: { statusCode, durationMs: performance.now() - startedAt, redirect } };
}

function connectFailure({ outcome, error }: Failure): ProbeFailure {
  if (error.code === 'PROXY_DENIED')
    return { step: 'proxy', detail: 'does not allow requests to the receiver (403)' };
  if (outcome === 'blocked') return { step: 'guard', error };
  return { step: outcome === 'dns_failed' || error.code === 'DNS_TIMEOUT' ? 'resolve' : 'connect', error };
}
