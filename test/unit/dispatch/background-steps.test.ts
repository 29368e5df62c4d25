import { createBackgroundSteps, type Steps } from '../../../src/dispatch/background/background-steps.ts';
import { eventually } from '../../set-up/eventually.ts';

let done: string[];
let failures: unknown[];
const background = (foregroundMs = 0) =>
  createBackgroundSteps({ foregroundMs, onFailure: (error) => failures.push(error) });

beforeEach(() => {
  done = [];
  failures = [];
});

/** Ends with its last step. */
async function* steps(name: string, count: number, gate: Promise<void> = Promise.resolve()): Steps {
  for (let n = 1; n <= count; n++) {
    if (n > 1) await gate;
    done.push(`${name}${n}`);
    if (n < count) yield;
  }
}

test('short work is done when the caller goes on', async () => {
  await background(60_000).begin('a', steps('a', 5));
  expect(done).toEqual(['a1', 'a2', 'a3', 'a4', 'a5']);
});

test('long work goes on behind the caller, a step of each in turn', async () => {
  const gate = Promise.withResolvers<void>();
  const { begin } = background();
  for (const name of ['a', 'b', 'c']) await begin(name, steps(name, 3, gate.promise));
  expect(done).toEqual(['a1', 'b1', 'c1']);

  gate.resolve();
  await eventually(() => done.length === 9);
  expect(done.slice(3)).toEqual(['a2', 'b2', 'c2', 'a3', 'b3', 'c3']);
});

test('what is begun again takes the place of the older work', async () => {
  const gate = Promise.withResolvers<void>();
  const { begin } = background();
  await begin('other', steps('other', 4, gate.promise));
  await begin('a', steps('old', 1_000, gate.promise));
  await begin('a', steps('new', 3, gate.promise));
  gate.resolve();
  await eventually(() => done.includes('new3') && done.includes('other4'));
  expect(done).not.toContain('old2');
});

test('what fails behind the caller is told of, and holds up nothing else; before, the caller hears of it', async () => {
  async function* failing(): Steps {
    yield;
    throw new Error('no');
  }
  const { begin } = background();
  await begin('a', failing());
  await begin('b', steps('b', 3));
  await eventually(() => done.length === 3);
  expect(failures).toMatchObject([{ message: 'no' }]);
  await expect(background(60_000).begin('a', failing())).rejects.toThrow('no');
});

test('a close waits for the step that is under way, and begins no other', async () => {
  const gate = Promise.withResolvers<void>();
  const { begin, close } = background();
  await begin('a', steps('a', 3, gate.promise));
  const closed = close();
  gate.resolve();
  await closed;
  expect(done).toEqual(['a1', 'a2']);
});
