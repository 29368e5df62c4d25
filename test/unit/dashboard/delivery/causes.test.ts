import { differences } from '../../../../dashboard/src/delivery/attempt/differences.ts';
import { signatureWords } from '../../../../dashboard/src/delivery/attempt/signature-words.ts';
import { adviceOf, causeOf, stateSentence } from '../../../../dashboard/src/delivery/causes.ts';
import { FAILURE_MESSAGES, type FailedOutcome } from '../../../../src/egress/describe-failure.ts';
import { OUTCOMES } from '../../../../src/policy/outcome.ts';

const attempt = {
  number: 1,
  step: 0,
  startedAt: '2026-11-21T09:12:04.120Z',
  durationMs: 12,
  outcome: 'rejected' as const,
  statusCode: 503,
  request: { url: 'https://a.example/hook', headers: { 'webhook-timestamp': '1' } },
  response: { headers: { Server: 'nginx' }, body: 'no', truncated: false },
  error: null,
  trigger: 'schedule' as const,
  resent: false,
};

test('each outcome has a cause in words, and each failure an advice', () => {
  for (const outcome of OUTCOMES) {
    expect(causeOf({ outcome, statusCode: null })).toMatch(/^[A-Za-z ]+$/);
    if (outcome !== 'delivered') expect(adviceOf({ outcome, statusCode: 503 })).toMatch(/\.$/);
  }
});

test('the cause names the status, the timeout, and what is wrong with a certificate', () => {
  expect(causeOf({ outcome: 'rejected', statusCode: 503 })).toBe('answered 503');
  expect(causeOf({ outcome: 'timeout', statusCode: null, timeoutSeconds: 15 })).toBe(
    'did not answer within 15 s',
  );
  const error = { code: 'CERT_HAS_EXPIRED', message: '' };
  expect(causeOf({ outcome: 'tls_failed', statusCode: null, error })).toBe('certificate expired');
});

test('each code of a failed attempt has a cause in words, different from that of its outcome alone where it tells more', () => {
  for (const [outcome, messages] of Object.entries(FAILURE_MESSAGES) as [FailedOutcome, object][])
    for (const errorCode of Object.keys(messages)) {
      const cause = causeOf({ outcome, statusCode: null, errorCode });
      expect(cause).toMatch(/^[A-Za-z0-9/ -]+$/);
      // These are what the outcome says by itself.
      const isOrdinary = ['RESPONSE_TIMEOUT', 'ENOTFOUND', 'NOT_HTTP', 'ADDRESS_NOT_ALLOWED'].includes(
        errorCode,
      );
      expect([errorCode, cause === causeOf({ outcome, statusCode: null })]).toEqual([errorCode, isOrdinary]);
    }
  const offline = { outcome: 'connection_failed', statusCode: null, errorCode: 'listener_offline' } as const;
  expect(causeOf(offline)).toBe('has no client connected');
  expect(adviceOf(offline)).toMatch(/^Connect a client/);
  expect(causeOf({ ...offline, errorCode: 'EUNHEARDOF' })).toBe('could not be reached');
});

test('the state of a delivery says why it ended or what it waits for', () => {
  const delivery = { attempts: 5, settledAt: null, cancelRequested: false, waitingFor: null, reason: null };
  const sentence = (changes: object): string => stateSentence({ ...delivery, ...changes } as never);
  expect(sentence({ status: 'undeliverable', reason: 'exhausted' })).toBe(
    'Undeliverable after 5 attempts: all attempts failed.',
  );
  expect(sentence({ status: 'held', waitingFor: 'endpoint_paused' })).toBe('Held: its endpoint is paused.');
  expect(sentence({ status: 'delivered', attempts: 1 })).toBe('Delivered after 1 attempt.');
});

test('two attempts are compared by outcome, headers and body', () => {
  expect(differences(attempt, attempt)).toEqual([]);
  const later = {
    ...attempt,
    number: 2,
    statusCode: 500,
    request: { url: attempt.request.url, headers: { 'Webhook-Timestamp': '61' } },
    response: { headers: { server: 'nginx' }, body: 'no', truncated: false },
  };
  expect(differences(attempt, later)).toEqual([
    { where: 'attempt', name: 'status', left: '503', right: '500' },
    { where: 'request', name: 'webhook-timestamp', left: '1', right: '61' },
  ]);
});

test('what a signature covers is said in words', () => {
  const signature = {
    algorithm: 'hmac-sha256',
    content: '$id.$sentAt.$body',
    encoding: 'base64',
    whileRotating: 'newest',
  };
  expect(signatureWords({ headers: { 'webhook-signature': '$signatures' }, signature })).toBe(
    'HMAC-SHA256 over the id, the time and the body, as base64, in webhook-signature.',
  );
});
