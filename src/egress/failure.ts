import { FAILURE_MESSAGES, FALLBACK_MESSAGES, type FailedOutcome } from './describe-failure.ts';
import { tlsCode } from './tls-code.ts';

/** How an attempt without a response ended. Tenants see the error, so it contains no internal address and no secret. */
export type Failure = { outcome: FailedOutcome; error: AttemptError };

export type AttemptError = { code: string; message: string };

/** The step of an attempt in which an error occurred. */
export type AttemptPhase = 'dns' | 'connect' | 'tls' | 'response';

const OUTCOMES = {
  dns: 'dns_failed',
  connect: 'connection_failed',
  tls: 'tls_failed',
  response: 'connection_failed',
} as const satisfies Record<AttemptPhase, FailedOutcome>;

const TIMEOUTS = {
  dns: 'DNS_TIMEOUT',
  connect: 'CONNECT_TIMEOUT',
  tls: 'TLS_TIMEOUT',
  response: 'RESPONSE_TIMEOUT',
} as const satisfies Record<AttemptPhase, keyof typeof FAILURE_MESSAGES.timeout>;

/** A failure with one of Posthorn's own codes, which docs/errors.md lists. */
const failure = <O extends FailedOutcome>(
  outcome: O,
  code: keyof (typeof FAILURE_MESSAGES)[O] & string,
): Failure => ({ outcome, error: { code, message: FAILURE_MESSAGES[outcome][code] as string } });

export const timedOut = (phase: AttemptPhase): Failure => failure('timeout', TIMEOUTS[phase]);

export const addressNotAllowed = failure('blocked', 'ADDRESS_NOT_ALLOWED');
export const portNotAllowed = failure('blocked', 'PORT_NOT_ALLOWED');
export const ownAddress = failure('blocked', 'OWN_ADDRESS');
export const proxyDenied = failure('blocked', 'PROXY_DENIED');
export const proxyDidNotConnect = failure('connection_failed', 'PROXY_DID_NOT_CONNECT');
export const unsendable = failure('blocked', 'REQUEST_NOT_SENDABLE');
export const unsignable = failure('blocked', 'SECRET_NOT_FITTING');
export const listenerOffline = failure('connection_failed', 'listener_offline');
export const speaksHttp2Only = failure('tls_failed', 'HTTP2_ONLY');

export const respondedTooEarly = failure('invalid_response', 'RESPONSE_BEFORE_REQUEST');

export type InvalidResponse = 'NOT_HTTP' | 'INVALID_STATUS' | 'HEADERS_TOO_LARGE';

/** `firstBytes`: the first bytes received, by which other protocols are recognized. */
export const invalidResponse = (code: InvalidResponse, firstBytes: Buffer): Failure =>
  failure('invalid_response', (code === 'NOT_HTTP' && protocolOf(firstBytes)) || code);

/**
 * The failure for an error from Node.js. Its message is never passed on: it may contain the address that was dialed.
 */
export function failureOf(error: unknown, phase: AttemptPhase): Failure {
  const code = codeOf(error);
  // In TLS 1.3 a receiver rejects a missing client certificate only after the handshake.
  const outcome = /^(ERR_SSL_|EPROTO$)/.test(code) ? 'tls_failed' : OUTCOMES[phase];
  return withMessage(outcome, outcome === 'tls_failed' ? tlsCode(code) : code);
}

const MAY_BE_REFUSALS = ['ECONNRESET', 'EPIPE', 'TLS_ALERT_HANDSHAKE_FAILURE'];

/**
 * The failure of a request that showed a client certificate. Some receivers close the connection without a TLS alert if they
 * do not accept it, in TLS 1.3 only after the handshake.
 */
export function mentionCertificate({ outcome, error }: Failure): Failure {
  if (!MAY_BE_REFUSALS.includes(error.code)) return { outcome, error };
  const message = `${error.message}; or it does not accept the client certificate of the endpoint`;
  return { outcome, error: { ...error, message } };
}

const REPORTABLE = ['connection_failed', 'timeout', 'dns_failed', 'tls_failed', 'invalid_response'] as const;

/** The failure for the code with which the client of a listener reports that it got no response. */
export function reportedFailure(code: string): Failure {
  const outcome = REPORTABLE.find((one) => Object.hasOwn(FAILURE_MESSAGES[one], code));
  if (outcome === 'timeout') return failure(outcome, code as keyof typeof FAILURE_MESSAGES.timeout);
  return withMessage(outcome ?? 'connection_failed', codeOf({ code }));
}

export const connectionLost: Failure = failureOf({ code: 'ECONNRESET' }, 'response');

/**
 * True when this process ran out of sockets or memory. The receiver is not at fault, so it does not count as an
 * attempt.
 */
export const isResourceExhaustion = (error: unknown): boolean =>
  ['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM'].includes(codeOf(error));

/** True when Node.js refused to write the request, so nothing was sent. */
export const isUnsendable = (error: unknown): boolean =>
  ['ERR_INVALID_CHAR', 'ERR_INVALID_HTTP_TOKEN', 'ERR_UNESCAPED_CHARACTERS'].includes(codeOf(error));

function withMessage(outcome: keyof typeof FALLBACK_MESSAGES, code: string): Failure {
  const messages: Record<string, string> = FAILURE_MESSAGES[outcome];
  const message = Object.hasOwn(messages, code) ? messages[code]! : FALLBACK_MESSAGES[outcome];
  return { outcome, error: { code, message } };
}

/** TLS starts with an alert or handshake record, HTTP/2 with a SETTINGS frame (RFC 9113 section 3.4). */
function protocolOf(start: Buffer): keyof typeof FAILURE_MESSAGES.invalid_response | undefined {
  if ((start[0] === 0x15 || start[0] === 0x16) && start[1] === 0x03) return 'TLS_AT_PORT';
  if (
    start.length >= 9 &&
    start.readUIntBE(0, 3) <= 16_384 &&
    start[3] === 0x04 &&
    start.readUInt32BE(5) === 0
  ) {
    return 'HTTP2_ONLY';
  }
  return undefined;
}

function codeOf(error: unknown): string {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  if (typeof code !== 'string') return 'UNKNOWN';
  // Node.js builds codes from OpenSSL's reason texts, which may contain any character: "ssl/tls alert handshake
  // failure".
  const safe = code
    .toUpperCase()
    .replace(/[^A-Z0-9]+/g, '_')
    .slice(0, 64);
  return safe || 'UNKNOWN';
}
