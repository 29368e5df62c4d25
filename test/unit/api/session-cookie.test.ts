import type { IncomingMessage } from 'node:http';
import { createSessionCookie } from '../../../src/api/auth/session-cookie.ts';

const withCookie = (cookie?: string) => ({ headers: { cookie } }) as IncomingMessage;

test.each([
  ['posthorn_session=phs_a', 'phs_a'],
  ['theme=dark; posthorn_session=phs_a; x=1', 'phs_a'],
  ['theme=dark;posthorn_session=phs_a', 'phs_a'],
  ['__Host-posthorn_session=phs_a', undefined],
  ['xposthorn_session=phs_a', undefined],
  ['posthorn_session', undefined],
  [undefined, undefined],
])('over http, the header Cookie %s has the value %s', (header, value) => {
  expect(createSessionCookie('http://posthorn.test').read(withCookie(header))).toBe(value);
});

test('over https, only the cookie that no other host can set counts', () => {
  const cookie = createSessionCookie('https://posthorn.test');
  expect(cookie.read(withCookie('posthorn_session=a; __Host-posthorn_session=b'))).toBe('b');
});

test('two cookies of the name are refused, because another host may have set one', () => {
  const cookie = createSessionCookie('http://posthorn.test');
  expect(() => cookie.read(withCookie('posthorn_session=a; posthorn_session=b'))).toThrow('more than one');
});
