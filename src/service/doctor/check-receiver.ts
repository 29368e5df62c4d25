import { createSecureContext } from 'node:tls';
import type { Config } from '../../config/config.ts';
import { createLookup, type Lookup } from '../../egress/addresses/lookup.ts';
import type { RequestMethod } from '../../egress/http/request-head.ts';
import { probeReceiver, type ReceiverProbe } from '../../egress/probe/probe-receiver.ts';
import { displayedProxy } from '../../egress/proxy/proxy-url.ts';
import { familyOf, hostOf, parseTargetUrl } from '../../egress/target-url.ts';
import { createConfiguredProxy, trustedAuthorities } from '../egress-proxy.ts';
import { createGuard } from '../shared-services.ts';
import { type Check, type Checks, failed, ok, warning } from './check.ts';
import { responseCheck, tlsChecks } from './describe-response.ts';

export type ReceiverTarget = { url: string; method: RequestMethod };

/** Longer than the policy `default` allows a receiver, so that a slow one is told from a dead one. */
const TIMEOUT_MS = 30_000;

/** Checks the way to a receiver step by step, as far as it leads. Path and query of the URL are not repeated: they may be secret. */
export async function* checkReceiver(
  { url: text, method }: ReceiverTarget,
  config: Config,
  { lookup = createLookup(), timeoutMs = TIMEOUT_MS }: { lookup?: Lookup; timeoutMs?: number } = {},
): Checks {
  const { guard } = createGuard(config);
  const url = parseTargetUrl(text, { httpsOnly: false, publicOnly: true }, guard);
  if (!(url instanceof URL)) {
    yield failed('url', `${capital(url.detail)} (${url.code}).`, fixOfUrl(url.code));
    return;
  }
  yield url.protocol === 'https:'
    ? ok('url', `${url.origin} may be registered.`)
    : warning(
        'url',
        `${url.origin} has no TLS, and some profiles refuse it.`,
        'Use https:// if the receiver can.',
      );

  const authorities = trustedAuthorities(config);
  const proxy = createConfiguredProxy(config, authorities);
  const probe = await probeReceiver(url, {
    guard,
    lookup,
    proxy,
    secureContext: authorities && createSecureContext({ ca: authorities }),
    userAgent: config.userAgent,
    method,
    timeoutMs,
  });
  yield* describe(probe, url, config, method);
}

function* describe(
  probe: ReceiverProbe,
  url: URL,
  config: Config,
  method: RequestMethod,
): Generator<Check, void> {
  const host = hostOf(url);
  const { failure } = probe;
  const error = failure && 'error' in failure ? failure.error : { code: '', message: '' };
  const reason = `${capital(error.message)}. Code: ${error.code}.`;
  if (failure?.step === 'resolve') return yield failed('dns', reason);
  if (!familyOf(host) && probe.addresses.length > 0)
    yield ok('dns', `${host} has the ${listed('address', probe.addresses)}.`);

  if (failure?.step === 'guard') return yield guardCheck(probe, error.code, reason);
  yield ok('guard', 'Deliveries may go there.');

  if (config.egressProxy && probe.addresses.length > 0) {
    const address = displayedProxy(config.egressProxy);
    if (failure?.step === 'proxy') return yield proxyCheck(failure.detail, address);
    yield ok(
      'proxy',
      probe.throughProxy
        ? `Requests go through ${address}.`
        : `POSTHORN_NO_PROXY excepts it from ${address}.`,
    );
  }
  if (failure?.step === 'connect') return yield failed('connection', reason);
  yield ok('connection', `It opened after ${Math.round(probe.connectedAfterMs ?? 0)} ms.`);

  if (url.protocol === 'https:')
    yield* tlsChecks(probe.tls, failure?.step === 'tls' ? reason : undefined, new Date());
  if (failure?.step === 'tls') return;
  if (failure) return yield failed('response', `${method}: ${reason}`);
  yield responseCheck(method, probe.response!);
}

function guardCheck({ refused }: ReceiverProbe, code: string, reason: string): Check {
  if (code === 'PORT_NOT_ALLOWED')
    return failed('guard', reason, 'Add the port to POSTHORN_ALLOW_PORTS if deliveries may use it.');
  if (code === 'OWN_ADDRESS')
    return failed(
      'guard',
      reason,
      "Posthorn's own servers are never targets: correct the URL, or the DNS record.",
    );
  const addresses = refused.length > 0 ? `Not public: ${refused.join(', ')}. ` : '';
  return failed(
    'guard',
    `${addresses}${reason}`,
    'Correct the DNS record. If it is inside your network on purpose, add its network to POSTHORN_ALLOW_TARGETS.',
  );
}

const proxyCheck = (detail: string, address: string): Check =>
  failed(
    'proxy',
    `${address} ${detail}.`,
    'Check POSTHORN_EGRESS_PROXY, and the rules and the log of the proxy: it must allow CONNECT to the address and port.',
  );

function fixOfUrl(code: string): string {
  if (code === 'url_address_not_allowed' || code === 'url_name_not_public')
    return 'If it is inside your network on purpose, add its network to POSTHORN_ALLOW_TARGETS.';
  if (code === 'url_port_not_allowed')
    return 'Add the port to POSTHORN_ALLOW_PORTS if deliveries may use it.';
  return 'Correct the URL.';
}

const listed = (noun: string, values: string[]): string =>
  `${noun}${values.length > 1 ? 'es' : ''} ${values.join(', ')}`;

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
