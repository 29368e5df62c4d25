import { ProjectCache } from '../../../src/limits/project-cache.ts';

const cacheOf = (maxBytes: number, maxBytesOfProject: number) =>
  new ProjectCache<string>({ maxBytes, maxBytesOfProject }, (value) => value.length);
const long = 'x'.repeat(1_000);

test('a project that exceeds its share loses the values that it used least recently, and no other project does', () => {
  const cache = cacheOf(100_000, 4_000);
  cache.set('other', 'ep_other', long);
  for (let n = 0; n < 4; n++) cache.set('busy', `ep_${n}`, long);
  expect(cache.size('busy')).toBe(4);
  expect(cache.get('ep_0')).toBe(long);

  cache.set('busy', 'ep_4', long);

  expect(cache.get('ep_1')).toBeUndefined();
  for (const kept of ['ep_0', 'ep_2', 'ep_3', 'ep_4', 'ep_other']) expect(cache.get(kept)).toBeDefined();
});

test('of all values, those used least recently are dropped, and the project that loses them may have others', () => {
  const cache = cacheOf(4_500, 2_500);
  for (let n = 0; n < 10; n++) cache.set(`project_${n}`, `ep_${n}`, long);
  expect(cache.size()).toBe(4);
  expect([...Array(10).keys()].filter((n) => cache.size(`project_${n}`) > 0)).toEqual([6, 7, 8, 9]);

  cache.set('project_0', 'ep_0', long);
  cache.set('project_0', 'ep_new', long);
  expect(cache.size('project_0')).toBe(2);
});

test('of a key, one value is kept', () => {
  const cache = cacheOf(10_000, 1_500);
  for (let n = 0; n < 100; n++) cache.set('project', 'ep', `${n}`);
  expect(cache.size()).toBe(1);
  expect(cache.get('ep')).toBe('99');
  cache.delete('ep');
  expect(cache.size()).toBe(0);
  expect(cache.size('project')).toBe(0);
});

test('a value that alone exceeds the share of its project is not kept, and displaces only what its key had', () => {
  const cache = cacheOf(10_000, 1_500);
  cache.set('project', 'ep', '1');
  cache.set('project', 'ep_other', '2');

  cache.set('project', 'ep', 'x'.repeat(2_000));

  expect(cache.get('ep')).toBeUndefined();
  expect(cache.get('ep_other')).toBe('2');
  expect(cache.size('project')).toBe(1);
});
