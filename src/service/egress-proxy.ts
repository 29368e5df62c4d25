import { createSecureContext, getCACertificates } from 'node:tls';
import type { Config } from '../config/config.ts';
import { createEgressProxy, type EgressProxy } from '../egress/proxy/egress-proxy.ts';
import { createNoProxy } from '../egress/proxy/no-proxy.ts';
import type { ProxyHealthEvents } from '../egress/proxy/proxy-health.ts';
import type { SharedServices } from './shared-services.ts';

/** A proxy may alternate between failing and working: it is logged at most this often. */
const LOG_EVERY_MS = 60_000;

/** The certificate authorities to trust for receivers; undefined for those of Node.js. */
export const trustedAuthorities = ({ extraAuthorities }: Config): string[] | undefined =>
  extraAuthorities && [...getCACertificates('default'), ...extraAuthorities];

/** The proxy for requests to receivers; undefined if none is configured. */
export function createConfiguredProxy(
  { egressProxy, noProxy }: Config,
  certificateAuthorities: string[] | undefined,
  events: ProxyHealthEvents = {},
): EgressProxy | undefined {
  if (!egressProxy) return undefined;
  return createEgressProxy({
    address: egressProxy,
    bypasses: createNoProxy(noProxy ?? []),
    secureContext: certificateAuthorities && createSecureContext({ ca: certificateAuthorities }),
    ...events,
  });
}

/** The proxy for requests to receivers, with its log lines and metrics; undefined if none is configured. */
export function createObservedProxy(
  { config, log, metrics }: SharedServices,
  certificateAuthorities: string[] | undefined,
): EgressProxy | undefined {
  let loggedAt = Number.NEGATIVE_INFINITY;
  let isFailureLogged = false;
  const proxy = createConfiguredProxy(config, certificateAuthorities, {
    onFault: (fault) => metrics.egressProxyFaults.inc({ fault }),
    onFailing: ({ fault, detail, isCertain }) => {
      if (performance.now() - loggedAt < LOG_EVERY_MS) return;
      loggedAt = performance.now();
      isFailureLogged = true;
      const line = { fault, detail };
      if (isCertain)
        log.error(line, 'the egress proxy fails; deliveries wait for it and no attempt is counted');
      else
        log.warn(
          line,
          'the egress proxy opened no tunnel and did not say whether the receiver is the cause; no attempt is counted',
        );
    },
    onWorking: () => {
      if (isFailureLogged) log.info('the egress proxy opens tunnels again');
      isFailureLogged = false;
    },
  });
  if (proxy) metrics.addReadings({ egressProxyFailing: () => (proxy.status().ok ? 0 : 1) });
  return proxy;
}
