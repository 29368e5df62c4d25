import { createSearchLimit } from '../../../src/api/limits/search-limit.ts';

test('a project runs two searches at a time; the third is refused, and does not delay another project', async () => {
  const limit = createSearchLimit();
  const { promise, resolve } = Promise.withResolvers<void>();
  const running = [limit.run('busy', () => promise), limit.run('busy', () => promise)];
  await expect(limit.run('busy', async () => 'third')).rejects.toMatchObject({
    code: 'quota_exceeded',
    headers: { 'retry-after': '1' },
  });
  expect(await limit.run('quiet', async () => 'found')).toBe('found');
  resolve();
  await Promise.all(running);
  expect(await limit.run('busy', async () => 'again')).toBe('again');
});

test('a search that fails ends its turn', async () => {
  const limit = createSearchLimit();
  for (let i = 0; i < 3; i++)
    await expect(limit.run('one', () => Promise.reject(new Error('failed')))).rejects.toThrow('failed');
});
