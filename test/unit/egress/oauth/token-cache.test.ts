import { TokenCache } from '../../../../src/egress/oauth/token-cache.ts';

const cached = (token: string) => ({ version: 'v', token, usableUntil: 0, renewedAt: null });
const long = 'x'.repeat(500);

test('a project that has more tokens than its share loses those that it used least recently, and no other project does', () => {
  const cache = new TokenCache({ maxBytes: 100_000, maxBytesOfProject: 4_000 });
  cache.set('other', 'ep_other', cached(long));
  for (let n = 0; n < 3; n++) cache.set('busy', `ep_${n}`, cached(long));
  expect(cache.size('busy')).toBe(3);
  expect(cache.get('ep_0')).toMatchObject({ token: long });

  cache.set('busy', 'ep_3', cached(long));

  expect(cache.get('ep_1')).toBeUndefined();
  for (const kept of ['ep_0', 'ep_2', 'ep_3', 'ep_other']) expect(cache.get(kept)).toBeDefined();
});

test('of all tokens, those used least recently are dropped, and the project that loses them may have others', () => {
  const cache = new TokenCache({ maxBytes: 4_500, maxBytesOfProject: 2_500 });
  for (let n = 0; n < 10; n++) cache.set(`project_${n}`, `ep_${n}`, cached(long));
  expect(cache.size()).toBe(4);
  expect([...Array(10).keys()].filter((n) => cache.size(`project_${n}`) > 0)).toEqual([6, 7, 8, 9]);

  cache.set('project_0', 'ep_0', cached(long));
  cache.set('project_0', 'ep_new', cached(long));
  expect(cache.size('project_0')).toBe(2);
});

test('of an endpoint, one token is kept', () => {
  const cache = new TokenCache({ maxBytes: 10_000, maxBytesOfProject: 1_500 });
  for (let n = 0; n < 100; n++) cache.set('project', 'ep', cached(`${n}`));
  expect(cache.size()).toBe(1);
  expect(cache.get('ep')).toMatchObject({ token: '99' });
  cache.delete('ep');
  expect(cache.size()).toBe(0);
  expect(cache.size('project')).toBe(0);
});
