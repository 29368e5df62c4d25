import { type ResponseRules, receiverInstruction } from '../../../src/policy/receiver-instruction.ts';

const NOW = Date.parse('2026-11-29T12:00:00Z');
const ALL: ResponseRules = { gone: true, retryAfter: true, tooManyRequests: true, coolDown: true };
const AFTER_5_S = { 'retry-after': '5' };

test.each([
  [410, {}, { kind: 'gone' }],
  [410, AFTER_5_S, { kind: 'gone' }],
  [429, AFTER_5_S, { kind: 'wait', ms: 5_000 }],
  [503, AFTER_5_S, { kind: 'wait', ms: 5_000 }],
  [503, { 'retry-after': 'Sun, 29 Nov 2026 12:00:09 GMT' }, { kind: 'wait', ms: 9_000 }],
  [429, {}, { kind: 'slow_down' }],
  [429, { 'retry-after': 'soon' }, { kind: 'slow_down' }],
  [503, { 'retry-after': 'soon' }, { kind: 'none' }],
  [503, {}, { kind: 'none' }],
  // Standard Webhooks knows Retry-After with 429 and 503 only.
  [500, AFTER_5_S, { kind: 'none' }],
  [301, AFTER_5_S, { kind: 'none' }],
  [404, {}, { kind: 'none' }],
])('%i with %j is the instruction %j', (status, headers, instruction) => {
  expect(receiverInstruction(status, headers as Record<string, string>, ALL, NOW)).toEqual(instruction);
});

test('a profile can switch off each instruction', () => {
  expect(receiverInstruction(410, {}, { ...ALL, gone: false }, NOW)).toEqual({ kind: 'none' });
  expect(receiverInstruction(503, AFTER_5_S, { ...ALL, retryAfter: false }, NOW)).toEqual({ kind: 'none' });
  expect(receiverInstruction(429, AFTER_5_S, { ...ALL, retryAfter: false }, NOW)).toEqual({
    kind: 'slow_down',
  });
  const neither = { ...ALL, retryAfter: false, tooManyRequests: false };
  expect(receiverInstruction(429, AFTER_5_S, neither, NOW)).toEqual({ kind: 'none' });
});
