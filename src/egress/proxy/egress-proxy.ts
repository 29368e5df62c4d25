import type { Socket } from 'node:net';
import type { SecureContext } from 'node:tls';
import { inSocketNotation } from '../addresses/address-tracker.ts';
import {
  alternateFamilies,
  type ConnectResult,
  connectToFirst,
  type SpareSockets,
} from '../connections/happy-eyeballs.ts';
import { startTls } from '../connections/start-tls.ts';
import { msUntil, resolveWithin } from '../deadline.ts';
import { type Failure, timedOut } from '../failure.ts';
import type { Origin } from '../target-url.ts';
import type { BypassesProxy } from './no-proxy.ts';
import { createProxyHealth, type ProxyHealthEvents, type ProxyStatus } from './proxy-health.ts';
import { createProxyLookup } from './proxy-lookup.ts';
import type { ProxyAddress } from './proxy-url.ts';
import { requestTunnel } from './request-tunnel.ts';
import { type TunnelVerdict, tunnelVerdict } from './tunnel-verdict.ts';

/** `addresses`: those of the origin that the guard allows. */
export type TunnelTarget = { origin: Origin; addresses: string[]; projectId: string };

/** An HTTP proxy that opens tunnels to receivers by CONNECT. */
export type EgressProxy = {
  /** False for a receiver that is to be reached without the proxy. */
  carries(origin: Origin, addresses: string[]): boolean;
  /**
   * Opens a tunnel to one of the addresses. The proxy gets the address and not the name: it might resolve the name to an
   * address that the guard has not checked. `deadlineAt` is in milliseconds on the clock of performance.now().
   */
  connect(target: TunnelTarget, spareSockets: SpareSockets, deadlineAt: number): Promise<ConnectResult>;
  status(): ProxyStatus;
};

export type EgressProxyOptions = ProxyHealthEvents & {
  address: ProxyAddress;
  bypasses: BypassesProxy;
  /** With the certificate authorities to trust for the proxy itself, if not those of Node.js. */
  secureContext?: SecureContext | undefined;
  /** Resolves the name of the proxy. */
  lookup?: (name: string) => Promise<string[]>;
  /** How long to wait for a connection to the proxy, in milliseconds. */
  connectTimeoutMs?: number;
  /** How long to wait for its response to CONNECT. */
  tunnelTimeoutMs?: number;
};

type ProxyFailure = Extract<TunnelVerdict, { kind: 'proxy' }>;
type UnclearFailure = Extract<TunnelVerdict, { kind: 'unclear' }>;

/** Each further address of a receiver costs a connection to the proxy. */
const MAX_ADDRESSES = 4;

/** The name server of the receiver may have left too little of the timeout to reach any proxy. */
const ATTEMPT_TIMED_OUT: UnclearFailure = {
  kind: 'unclear',
  fault: 'timeout',
  detail: 'was not reached before the timeout of the attempt',
  failure: timedOut('connect'),
};

export function createEgressProxy(options: EgressProxyOptions): EgressProxy {
  const {
    address: proxy,
    bypasses,
    secureContext,
    connectTimeoutMs = 5_000,
    tunnelTimeoutMs = 10_000,
  } = options;
  const health = createProxyHealth(options);
  const lookup = options.lookup ?? createProxyLookup();

  async function connectToProxy(
    spareSockets: SpareSockets,
    deadlineAt: number,
  ): Promise<Socket | ProxyFailure | UnclearFailure | 'no_socket'> {
    const connectBy = performance.now() + connectTimeoutMs;
    const until = Math.min(deadlineAt, connectBy);
    const failed = (fault: ProxyFailure['fault'], detail: string, isTimeout: boolean) =>
      isTimeout && deadlineAt < connectBy ? ATTEMPT_TIMED_OUT : { kind: 'proxy' as const, fault, detail };
    const addresses = await resolveWithin(
      msUntil(until),
      lookup(proxy.host).catch(() => []),
    );
    if (!addresses?.length)
      return failed('unreachable', 'its name cannot be resolved', addresses === undefined);
    const connected = await connectToFirst({ addresses, port: proxy.port }, spareSockets, until);
    if (connected.kind === 'no_socket') return 'no_socket';
    if (connected.kind !== 'connected')
      return failed('unreachable', `cannot be reached${codeIn(connected)}`, isTimeout(connected));
    if (!proxy.secure) return connected.socket;
    const secured = await startTls(connected.socket, proxy.host, secureContext, until);
    if (secured.kind === 'no_socket') return 'no_socket';
    if (secured.kind !== 'connected') {
      const detail = `no trusted TLS connection to it can be established${codeIn(secured)}`;
      return failed('tls_failed', detail, isTimeout(secured));
    }
    return secured.socket;
  }

  /** `addressesLeft`: how many addresses share what is left until the deadline once the proxy is reached. */
  async function openTunnel(
    { host, port, addressesLeft }: { host: string; port: number; addressesLeft: number },
    spareSockets: SpareSockets,
    deadlineAt: number,
  ): Promise<
    { kind: 'connected'; socket: Socket } | Exclude<TunnelVerdict, { kind: 'opened' }> | 'no_socket'
  > {
    const socket = await connectToProxy(spareSockets, deadlineAt);
    if (socket === 'no_socket' || 'fault' in socket) return socket;
    // An address that never responds leaves time for the others.
    const now = performance.now();
    const until = now + Math.min((deadlineAt - now) / addressesLeft, tunnelTimeoutMs);
    const authority = `${host.includes(':') ? `[${host}]` : host}:${port}`;
    const verdict = tunnelVerdict(await requestTunnel(socket, authority, proxy.authorization, until));
    if (verdict.kind === 'opened') return { kind: 'connected', socket };
    socket.destroy();
    return verdict;
  }

  return {
    carries: (origin, addresses) => !bypasses(origin, addresses),

    async connect({ origin, addresses, projectId }, spareSockets, deadlineAt) {
      const receiver = `${origin.host}:${origin.port}`;
      const failedFor = (
        { fault, detail }: Omit<ProxyFailure, 'kind'>,
        isCertain: boolean,
      ): ConnectResult => ({
        kind: 'proxy_failed',
        forMs: health.failed(fault, detail, isCertain),
      });
      const candidates = alternateFamilies(addresses).slice(0, MAX_ADDRESSES);
      let failure: Failure | undefined;
      let unclear: UnclearFailure | undefined;
      for (const [index, host] of candidates.entries()) {
        const address = { host, port: origin.port, addressesLeft: candidates.length - index };
        const tunnel = await openTunnel(address, spareSockets, deadlineAt);
        if (tunnel === 'no_socket') return { kind: 'no_socket' };
        if (tunnel.kind === 'connected') {
          health.opened(projectId, receiver);
          return { ...tunnel, address: inSocketNotation(host) };
        }
        if (tunnel.kind === 'proxy') return failedFor(tunnel, true);
        if (tunnel.kind === 'receiver') failure ??= tunnel.failure;
        else unclear ??= tunnel;
        if (tunnel === ATTEMPT_TIMED_OUT || performance.now() >= deadlineAt) break;
      }
      if (failure) return { kind: 'failed', failure };
      if (health.failsAlone(projectId, receiver)) return { kind: 'failed', failure: unclear!.failure };
      return failedFor(unclear!, false);
    },

    status: health.status,
  };
}

const isTimeout = (result: ConnectResult): boolean =>
  result.kind === 'failed' && result.failure.outcome === 'timeout';

const codeIn = (result: ConnectResult): string =>
  result.kind === 'failed' ? ` (${result.failure.error.code})` : '';
