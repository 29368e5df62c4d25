import { fromHost } from '../../../../dashboard/src/portal/host/messages.ts';

test('only messages that host pages may send are taken, and nothing else of them', () => {
  const message = (more: object) => fromHost({ source: 'posthorn', version: 1, ...more });
  expect(message({ type: 'navigate', path: '/deliveries', x: 1 })).toEqual({
    type: 'navigate',
    path: '/deliveries',
  });
  expect(message({ type: 'theme', mode: 'dark', accent: 'red' })).toEqual({ type: 'theme', mode: 'dark' });
  expect(message({ type: 'link', url: 'https://a.example' })).toEqual({
    type: 'link',
    url: 'https://a.example',
  });
  for (const other of [
    { type: 'navigate', path: '//evil.example' },
    { type: 'navigate', path: '/\\evil.example' },
    { type: 'navigate', path: 'javascript:alert(1)' },
    { type: 'ready' },
    { type: 'link', url: 7 },
    { version: 2, type: 'navigate', path: '/' },
    { source: 'other', type: 'navigate', path: '/' },
  ])
    expect(message(other)).toBeUndefined();
  for (const other of [null, 'navigate', 1, undefined]) expect(fromHost(other)).toBeUndefined();
});
