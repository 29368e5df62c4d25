import type { Outcome } from '../policy/outcome.ts';

/** How an attempt without an answer ended. The error is shown to tenants: no address of ours, no secret is in it. */
export type Failure = {
  outcome: Extract<
    Outcome,
    'timeout' | 'connection_failed' | 'dns_failed' | 'tls_failed' | 'invalid_response' | 'blocked'
  >;
  error: { code: string; message: string };
};

/** What was going on when an error came. */
export type Phase = 'dns' | 'connect' | 'tls' | 'answer';

const PHASES: Record<Phase, { outcome: Failure['outcome']; failed: string; timeout: string; late: string }> =
  {
    dns: {
      outcome: 'dns_failed',
      failed: 'the name of the receiver could not be resolved',
      timeout: 'DNS_TIMEOUT',
      late: 'the name of the receiver was not resolved in time',
    },
    connect: {
      outcome: 'connection_failed',
      failed: 'the connection to the receiver failed',
      timeout: 'CONNECT_TIMEOUT',
      late: 'the connection to the receiver was not made in time',
    },
    tls: {
      outcome: 'tls_failed',
      failed: 'no trusted TLS connection to the receiver could be made',
      timeout: 'TLS_TIMEOUT',
      late: 'the TLS handshake with the receiver did not end in time',
    },
    answer: {
      outcome: 'connection_failed',
      failed: 'the receiver closed the connection before it answered',
      timeout: 'ANSWER_TIMEOUT',
      late: 'the receiver did not answer in time',
    },
  };

export const timedOut = (phase: Phase): Failure => ({
  outcome: 'timeout',
  error: { code: PHASES[phase].timeout, message: PHASES[phase].late },
});

export const blocked: Failure = {
  outcome: 'blocked',
  error: { code: 'ADDRESS_NOT_ALLOWED', message: 'the address of the receiver is not allowed' },
};

export const unsendable: Failure = {
  outcome: 'blocked',
  error: { code: 'REQUEST_NOT_SENDABLE', message: 'a header of the request cannot be sent over HTTP' },
};

export const unsignable: Failure = {
  outcome: 'blocked',
  error: {
    code: 'SECRET_NOT_FITTING',
    message: 'the profile of the event cannot sign with any secret in force',
  },
};

export const invalidResponse = (code: string): Failure => ({
  outcome: 'invalid_response',
  error: { code, message: 'the answer of the receiver is not valid HTTP, or its headers are too large' },
});

/** A failure for what Node threw. Its message is never passed on: it may hold the address that was dialed. */
export function failureOf(error: unknown, phase: Phase): Failure {
  const code = codeOf(error);
  if (code.startsWith('HPE_')) return invalidResponse(code);
  // A receiver that wants a certificate of ours says so only after the handshake.
  const { outcome, failed } = PHASES[/^(ERR_SSL_|EPROTO$)/.test(code) ? 'tls' : phase];
  return { outcome, error: { code, message: failed } };
}

export const connectionLost: Failure = failureOf({ code: 'ECONNRESET' }, 'answer');

/** True when the process ran out of sockets or memory: nobody's fault but ours, and no attempt. */
export const isOwnShortage = (error: unknown): boolean =>
  ['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM'].includes(codeOf(error));

/** True when Node refused to write the request, so that nothing of it was sent. */
export const isUnsendable = (error: unknown): boolean =>
  ['ERR_INVALID_CHAR', 'ERR_INVALID_HTTP_TOKEN', 'ERR_UNESCAPED_CHARACTERS'].includes(codeOf(error));

function codeOf(error: unknown): string {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && /^[A-Z0-9_]{1,64}$/.test(code) ? code : 'UNKNOWN';
}
