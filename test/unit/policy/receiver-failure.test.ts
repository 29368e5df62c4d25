import { FAILURE_MESSAGES } from '../../../src/egress/describe-failure.ts';
import { OUTCOMES, type Outcome } from '../../../src/policy/outcome.ts';
import { isReceiversFault } from '../../../src/policy/receiver-failure.ts';

test('a response that is not 2xx is the fault of the receiver', () => {
  expect(isReceiversFault('rejected', null)).toBe(true);
  expect(isReceiversFault('rejected', 'REDIRECT')).toBe(true);
});

test('a success, a lost worker, and what Posthorn did not send are not', () => {
  for (const outcome of ['delivered', 'unknown'] as const)
    expect(isReceiversFault(outcome, null)).toBe(false);
  for (const code of Object.keys(FAILURE_MESSAGES.blocked))
    expect(isReceiversFault('blocked', code)).toBe(false);
});

test('of the failures without a response, those that Posthorn may have caused itself do not count', () => {
  const codes = Object.entries(FAILURE_MESSAGES).flatMap(([outcome, messages]) =>
    Object.keys(messages).map((code) => [outcome as Outcome, code] as const),
  );
  const ours = codes.filter(([outcome, code]) => outcome !== 'blocked' && !isReceiversFault(outcome, code));
  expect(ours.map((pair) => pair.join(' '))).toEqual([
    'timeout DNS_TIMEOUT',
    'dns_failed ESERVFAIL',
    'dns_failed EREFUSED',
    'dns_failed ETIMEOUT',
    'dns_failed ECONNREFUSED',
    'connection_failed ENETUNREACH',
    'connection_failed EADDRNOTAVAIL',
    'connection_failed listener_offline',
    'connection_failed EACCES',
    'connection_failed EPERM',
    'token_failed TOKEN_SERVER_NOT_ALLOWED',
    'token_failed TOKEN_NOT_REQUESTED',
  ]);
});

test('every outcome but those of Posthorn can be the fault of the receiver', () => {
  const faults = OUTCOMES.filter((outcome) => isReceiversFault(outcome, null));
  expect(faults).toEqual([
    'rejected',
    'timeout',
    'connection_failed',
    'dns_failed',
    'tls_failed',
    'invalid_response',
    'token_failed',
  ]);
});
