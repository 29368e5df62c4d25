import { type Caller, createTenantSemaphore, TooManyWaiting } from '../../../src/limits/tenant-semaphore.ts';

const options = { maxConcurrent: 4, maxPerProject: 2, maxPerCaller: 1, maxWaitingPerCaller: 3 };
const party = (projectId: string, consumer: string | null = null): Caller => ({ projectId, consumer });

/** Takes turns and notes who got one; `end` ends the oldest that is running. */
function stage() {
  const turns = createTenantSemaphore(options);
  const running: { name: string; end: () => void }[] = [];
  const served: string[] = [];
  const take = (name: string, of: Caller) =>
    turns.acquire(of).then((end) => {
      served.push(name);
      running.push({ name, end });
    });
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  return { take, served, settle, running, end: () => running.shift()!.end() };
}

test('a party has one turn and a project two, while another project finds room', async () => {
  const { take, served, settle } = stage();
  void take('a0', party('a'));
  void take('a1', party('a'));
  void take('a/x0', party('a', 'x'));
  void take('a/y0', party('a', 'y'));
  void take('b0', party('b'));
  await settle();
  expect(served).toEqual(['a0', 'a/x0', 'b0']);
});

test('the projects that wait are served in turn, however many each has waiting', async () => {
  const { take, served, settle, end } = stage();
  for (const consumer of ['x', 'y', 'z']) for (let n = 0; n < 2; n++) void take('a', party('a', consumer));
  for (const project of ['b', 'c', 'd']) for (let n = 0; n < 2; n++) void take(project, party(project));
  for (let n = 0; n < 12; n++) {
    await settle();
    end();
  }
  await settle();
  expect(served.slice(0, 4)).toEqual(['a', 'a', 'b', 'c']);
  expect(served.slice(4, 8).sort()).toEqual(['a', 'b', 'c', 'd']);
  expect(served.toSorted()).toEqual([...'aaaaaabbccdd']);
});

test('a party that has as many waiting as it may is refused, and no other party is', async () => {
  const { take } = stage();
  for (let n = 0; n < 4; n++) void take('a', party('a'));
  await expect(take('a', party('a'))).rejects.toThrow(TooManyWaiting);
  await take('a/x', party('a', 'x'));
  await take('b', party('b'));
});

test('a turn that is ended twice gives one place back', async () => {
  const { take, served, settle, running } = stage();
  for (let n = 0; n < 3; n++) void take(`a${n}`, party('a'));
  await settle();
  const { end } = running.shift()!;
  end();
  end();
  await settle();
  expect(served).toEqual(['a0', 'a1']);
});
