import { createLineWriter } from '../../../src/observability/line-writer.ts';

/** Standard output that accepts as many bytes as `room` allows, or fails with a given error. */
function output() {
  const state = { text: '', failure: null as string | null, room: Number.POSITIVE_INFINITY };
  const writer = createLineWriter({
    formatLostNotice: (lines) => `${lines} lost\n`,
    maxBufferedBytes: 100,
    write: (bytes) => {
      if (state.failure !== null && state.room === 0)
        throw Object.assign(new Error(state.failure), { code: state.failure });
      const taken = bytes.subarray(0, state.room);
      state.text += taken.toString();
      state.room -= taken.length;
      if (taken.length === 0) throw Object.assign(new Error('EAGAIN'), { code: 'EAGAIN' });
      return taken.length;
    },
  });
  return { writer, state };
}

test.each(['ENOSPC', 'EPIPE', 'EIO', 'EDQUOT'])(
  'lines that fail with %s are counted, and their number is written before the next line',
  (code) => {
    const { writer, state } = output();
    Object.assign(state, { failure: code, room: 0 });
    for (const line of ['one\n', 'two\n', 'three\n']) writer.write(line);
    expect(writer.lostLines()).toBe(3);

    Object.assign(state, { failure: null, room: Number.POSITIVE_INFINITY });
    writer.write('four\n');
    writer.write('five\n');

    expect(state.text).toBe('3 lost\nfour\nfive\n');
    expect(writer.lostLines()).toBe(3);
  },
);

test('a partially written line is completed before the next', () => {
  const { writer, state } = output();
  Object.assign(state, { failure: 'ENOSPC', room: 2 });
  writer.write('torn line\n');

  Object.assign(state, { failure: null, room: Number.POSITIVE_INFINITY });
  writer.write('whole\n');

  expect(state.text).toBe('to\n1 lost\nwhole\n');
});

test('lines for a slow reader are buffered in order up to a limit; further lines are lost, and their number is written', () => {
  const { writer, state } = output();
  state.room = 4;
  for (let n = 0; n < 20; n++) writer.write(`line number ${n}\n`);
  expect(state.text).toBe('line');
  expect(writer.lostLines()).toBeGreaterThan(10);

  state.room = Number.POSITIVE_INFINITY;
  writer.flush();
  writer.write('last\n');

  const kept = Array.from({ length: 20 - writer.lostLines() }, (_, n) => `line number ${n}\n`);
  const lines = state.text.match(/.*\n/g)!;
  expect(lines.filter((line) => line.startsWith('line number'))).toEqual(kept);
  expect(lines.at(-1)).toBe('last\n');
  expect(state.text).toContain(`${writer.lostLines()} lost\n`);
});

test('if the reader exits, buffered lines are lost and the buffer is emptied', () => {
  const { writer, state } = output();
  state.room = 0;
  for (const line of ['one\n', 'two\n']) writer.write(line);
  state.failure = 'EPIPE';
  writer.flush();
  writer.write('three\n');

  expect(writer.lostLines()).toBe(3);
});
