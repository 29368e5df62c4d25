import { supportText } from '../../../../dashboard/src/portal/delivery/support-text.ts';
import { customerAdvice, customerCause, LANE_WORDS } from '../../../../dashboard/src/portal/words.ts';

test('what is copied for support has ids and causes, and no data', () => {
  const delivery = { id: 'dlv_1', endpoint: 'ep_1', status: 'undeliverable' };
  const attempt = {
    number: 1,
    startedAt: '2026-11-21T12:00:00.000Z',
    outcome: 'rejected',
    statusCode: 503,
    durationMs: 41,
  };
  const endpoint = { url: 'https://example.com/hooks?key=private' };
  const event = {
    id: 'evt_1',
    type: 'render.completed',
    createdAt: '2026-11-21T12:00:00.000Z',
    body: '{"data":"datum"}',
  };
  const text = supportText(
    event as Parameters<typeof supportText>[0],
    { delivery, attempts: [attempt], details: undefined, endpoint } as unknown as Parameters<
      typeof supportText
    >[1],
  );
  expect(text).toContain('Delivery dlv_1 to https://example.com/hooks: given up');
  expect(text).toContain('Attempt 1, 2026-11-21T12:00:00.000Z: Your server answered 503, after 41 ms');
  expect(text).not.toMatch(/datum|private/);
});

test('a cause names what the error tells, and nothing twice', () => {
  const failed = (outcome: 'connection_failed' | 'tls_failed', code?: string) => ({
    outcome,
    statusCode: null,
    ...(code !== undefined && { error: { code, message: '' } }),
  });
  expect(customerCause(failed('connection_failed'))).toBe('Your server could not be reached');
  expect(customerCause(failed('connection_failed', 'EUNHEARDOF'))).toBe('Your server could not be reached');
  expect(customerCause(failed('connection_failed', 'ECONNREFUSED'))).toBe(
    'Your server could not be reached: connection refused',
  );
  expect(customerCause(failed('tls_failed'))).toBe('No safe connection to your server');
  const offline = failed('connection_failed', 'listener_offline');
  expect(customerCause(offline)).toBe('No client was connected to your listener');
  expect(customerAdvice(offline)).toBe('Connect a client: then it is sent again.');
});

test('the timeline of the portal says what a delivery waits for, in words of the owner of the server', () => {
  expect(LANE_WORDS.waiting('endpoint_paused')).toBe('waits, because its endpoint is paused');
  expect(LANE_WORDS.waiting('engine')).toBe('is about to be sent');
  expect(LANE_WORDS.waiting(null)).toBeUndefined();
});
