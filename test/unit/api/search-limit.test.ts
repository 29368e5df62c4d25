import { createSearchLimit } from '../../../src/api/limits/search-limit.ts';

const project = (projectId: string) => ({ projectId, consumer: null });
const consumer = (name: string) => ({ projectId: 'busy', consumer: name });
const refused = { code: 'quota_exceeded', headers: { 'retry-after': '1' } };

test('a project runs two searches at a time; the third is refused, and does not delay another project', async () => {
  const limit = createSearchLimit();
  const { promise, resolve } = Promise.withResolvers<void>();
  const running = [limit.run(project('busy'), () => promise), limit.run(project('busy'), () => promise)];
  await expect(limit.run(project('busy'), async () => 'third')).rejects.toMatchObject(refused);
  expect(await limit.run(project('quiet'), async () => 'found')).toBe('found');
  resolve();
  await Promise.all(running);
  expect(await limit.run(project('busy'), async () => 'again')).toBe('again');
});

test('a consumer that searches keeps neither its project nor another consumer from searching', async () => {
  const limit = createSearchLimit();
  const { promise, resolve } = Promise.withResolvers<void>();
  const hold = (name: string) => limit.run(consumer(name), () => promise);
  const running = [hold('acme'), hold('acme')];
  await expect(hold('acme')).rejects.toMatchObject(refused);
  expect(await limit.run(consumer('globex'), async () => 'found')).toBe('found');
  expect(await limit.run(project('busy'), async () => 'found')).toBe('found');

  // All consumers together never use up what the project's own keys have.
  running.push(hold('globex'), hold('initech'));
  await expect(hold('umbrella')).rejects.toMatchObject(refused);
  expect(await limit.run(project('busy'), async () => 'found')).toBe('found');
  resolve();
  await Promise.all(running);
  expect(await limit.run(consumer('umbrella'), async () => 'again')).toBe('again');
});

test('a search that fails ends its turn', async () => {
  const limit = createSearchLimit();
  for (let i = 0; i < 3; i++)
    await expect(
      limit.run({ projectId: 'one', consumer: 'acme' }, () => Promise.reject(new Error('failed'))),
    ).rejects.toThrow('failed');
});
