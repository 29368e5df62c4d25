import {
  createBackgroundRunner,
  type IncrementalWork,
} from '../../../src/background/loops/background-runner.ts';
import { eventually } from '../../set-up/eventually.ts';

let done: string[];
let failures: unknown[];
const background = (foregroundMs = 0) =>
  createBackgroundRunner({ foregroundMs, onFailure: (error) => failures.push(error) });

beforeEach(() => {
  done = [];
  failures = [];
});

/** Its last step ends the work. */
async function* steps(name: string, count: number, gate: Promise<void> = Promise.resolve()): IncrementalWork {
  for (let n = 1; n <= count; n++) {
    if (n > 1) await gate;
    done.push(`${name}${n}`);
    if (n < count) yield;
  }
}

test('short work is done when run resolves', async () => {
  await background(60_000).run('a', steps('a', 5));
  expect(done).toEqual(['a1', 'a2', 'a3', 'a4', 'a5']);
});

test('long work continues in the background, one step of each key in turn', async () => {
  const gate = Promise.withResolvers<void>();
  const { run } = background();
  for (const name of ['a', 'b', 'c']) await run(name, steps(name, 3, gate.promise));
  expect(done).toEqual(['a1', 'b1', 'c1']);

  gate.resolve();
  await eventually(() => done.length === 9);
  expect(done.slice(3)).toEqual(['a2', 'b2', 'c2', 'a3', 'b3', 'c3']);
});

test('new work replaces background work of the same key', async () => {
  const gate = Promise.withResolvers<void>();
  const { run } = background();
  await run('other', steps('other', 4, gate.promise));
  await run('a', steps('old', 1_000, gate.promise));
  await run('a', steps('new', 3, gate.promise));
  gate.resolve();
  await eventually(() => done.includes('new3') && done.includes('other4'));
  expect(done).not.toContain('old2');
});

test('a failure in the background is reported and delays nothing else; in the foreground, run rejects', async () => {
  async function* failing(): IncrementalWork {
    yield;
    throw new Error('no');
  }
  const { run } = background();
  await run('a', failing());
  await run('b', steps('b', 3));
  await eventually(() => done.length === 3);
  expect(failures).toMatchObject([{ message: 'no' }]);
  await expect(background(60_000).run('a', failing())).rejects.toThrow('no');
});

test('close waits for the running step and starts no other', async () => {
  const gate = Promise.withResolvers<void>();
  const { run, close } = background();
  await run('a', steps('a', 3, gate.promise));
  const closed = close();
  gate.resolve();
  await closed;
  expect(done).toEqual(['a1', 'a2']);
});
