import { type Failure, failureOf, proxyDenied, proxyDidNotConnect, timedOut } from '../failure.ts';
import type { TunnelAnswer } from './request-tunnel.ts';

/** What is wrong with the proxy. These are values of a metric. */
export type ProxyFault =
  | 'unreachable'
  | 'tls_failed'
  | 'unauthorized'
  | 'refused'
  | 'timeout'
  | 'invalid_response';

export type TunnelVerdict =
  | { kind: 'opened' }
  /** The proxy says that the receiver cannot be reached. */
  | { kind: 'receiver'; failure: Failure }
  /** The proxy is at fault. */
  | { kind: 'proxy'; fault: ProxyFault; detail: string }
  /** Either may be at fault. `failure` is the receiver's, if it is. */
  | { kind: 'unclear'; fault: ProxyFault; detail: string; failure: Failure };

/** Who is at fault if the proxy opens no tunnel. */
export function tunnelVerdict(answer: TunnelAnswer): TunnelVerdict {
  if (answer.kind === 'timed_out') {
    const detail = 'did not respond to CONNECT in time';
    return { kind: 'unclear', fault: 'timeout', detail, failure: timedOut('connect') };
  }
  if (answer.kind === 'no_response') {
    const detail = 'did not respond to CONNECT over HTTP';
    return { kind: 'unclear', fault: 'invalid_response', detail, failure: proxyDidNotConnect };
  }
  const { statusCode, headers } = answer;
  if (statusCode >= 200 && statusCode <= 299) return { kind: 'opened' };
  if (statusCode === 407) {
    return { kind: 'proxy', fault: 'unauthorized', detail: 'rejected its user name or password (407)' };
  }
  const reported = reportedByProxy(headers['proxy-status'], headers['x-squid-error']);
  if (reported) return { kind: 'receiver', failure: reported };
  const detail = `responded to CONNECT with the status ${statusCode}`;
  return {
    kind: 'unclear',
    fault: 'refused',
    detail,
    failure: statusCode === 403 ? proxyDenied : proxyDidNotConnect,
  };
}

/** Errors of RFC 9209 section 2.3 that concern the receiver, and the codes of Node.js for the same. */
const PROXY_STATUS_CODES: Record<string, string> = {
  destination_unavailable: 'EHOSTUNREACH',
  destination_ip_unroutable: 'EHOSTUNREACH',
  connection_refused: 'ECONNREFUSED',
  connection_terminated: 'ECONNRESET',
};
/** Squid's ERR_CONNECT_FAIL is followed by the error number of its operating system; these are Linux's. */
const SQUID_CODES: Record<string, string> = { 104: 'ECONNRESET', 111: 'ECONNREFUSED', 113: 'EHOSTUNREACH' };

function reportedByProxy(
  proxyStatus: string | string[] | undefined,
  squidError: string | string[] | undefined,
): Failure | undefined {
  const error = /;\s*error="?([a-z_]+)/.exec(String(proxyStatus ?? ''))?.[1] ?? '';
  if (error === 'connection_timeout') return timedOut('connect');
  if (error === 'destination_ip_prohibited') return proxyDenied;
  const code = PROXY_STATUS_CODES[error];
  if (code !== undefined) return failureOf({ code }, 'connect');
  const number = /^ERR_CONNECT_FAIL (\d+)/.exec(String(squidError ?? ''))?.[1];
  if (number === undefined) return undefined;
  if (number === '110') return timedOut('connect');
  const squidCode = SQUID_CODES[number];
  return squidCode === undefined ? undefined : failureOf({ code: squidCode }, 'connect');
}
