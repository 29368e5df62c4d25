import fc from 'fast-check';
import { readEventBatch } from '../../../src/api/events/event-batch.ts';
import { newEvents } from '../../../src/api/events/event-schemas.ts';
import { readJsonDocument } from '../../../src/api/http/body/json-document.ts';
import { parseBody } from '../../../src/api/http/validation/validation.ts';
import { Problem } from '../../../src/api/problems/problem.ts';
import { cpuMs } from '../../set-up/cpu-time.ts';

const LIMIT = 64 * 1024;
const slices = { yieldIfDue: async () => {} };
const read = (text: string | Buffer) => readEventBatch(Buffer.from(text), LIMIT, new Date(0), slices);

async function codeOf(work: () => unknown): Promise<string> {
  try {
    await work();
    return 'read';
  } catch (error) {
    return (error as Problem).code;
  }
}

/** The result of parsing and validating the whole text at once. */
const codeOfWhole = (text: string): Promise<string> =>
  codeOf(() => parseBody(newEvents, readJsonDocument(Buffer.from(text)).value));

test('each event of a batch has its pointer and the original bytes of its data', async () => {
  const text = ' { "events" : [ {"type":"a","data": 1.0 } , {"\\u0064ata":{"b":[]},"type":"b","id":"x"} ] } ';
  const posted = await read(text);
  expect(posted.map(({ input, pointer }) => ({ input, pointer }))).toEqual([
    { input: { type: 'a' }, pointer: '/events/0' },
    { input: { type: 'b', id: 'x' }, pointer: '/events/1' },
  ]);
  const dataOf = ({ document: { bytes, members } }: (typeof posted)[number]): string => {
    const { start, end } = members.find(({ name }) => name === 'data')!;
    return bytes.toString('utf8', start, end);
  };
  expect(posted.map(dataOf)).toEqual(['1.0', '{"b":[]}']);
});

const EVENT = '{"type":"a","data":1}';
test.each([
  ['', 'malformed_json'],
  ['{', 'malformed_json'],
  ['{"events"', 'malformed_json'],
  ['{"events":', 'malformed_json'],
  ['{"events":[', 'malformed_json'],
  [`{"events":[${EVENT}`, 'malformed_json'],
  [`{"events":[${EVENT}]`, 'malformed_json'],
  [`{"events":[${EVENT}}]`, 'malformed_json'],
  [`{"events":[${EVENT},]}`, 'malformed_json'],
  [`{"events":[,${EVENT}]}`, 'malformed_json'],
  [`{"events":[${EVENT}${EVENT}]}`, 'malformed_json'],
  [`{"events":[${EVENT} ${EVENT}]}`, 'malformed_json'],
  [`{"events":[${EVENT}],}`, 'malformed_json'],
  [`{,"events":[${EVENT}]}`, 'malformed_json'],
  [`{"events" [${EVENT}]}`, 'malformed_json'],
  [`{events:[${EVENT}]}`, 'malformed_json'],
  [`{"events":[${EVENT}]} x`, 'malformed_json'],
  [`{"events":[{"type":"a","data":01}]}`, 'malformed_json'],
  [`{"events":[{"type":"a","data":[}]}]}`, 'malformed_json'],
  [`{"events":[tru]}`, 'malformed_json'],
  [`{"events":["a]}`, 'malformed_json'],
  [`{"events":[${EVENT}],"other":nul}`, 'malformed_json'],
  [`{"events":[{"type":"a","data":${'['.repeat(62)}${']'.repeat(62)}}]}`, 'malformed_json'],
  ['[]', 'invalid_body'],
  ['1', 'invalid_body'],
  ['{}', 'invalid_body'],
  ['{"events":[]}', 'invalid_body'],
  ['{"events":{}}', 'invalid_body'],
  ['{"events":[1]}', 'invalid_body'],
  [`{"events":[${EVENT}],"other":1}`, 'invalid_body'],
  [`{"events":[${EVENT}],"events":[${EVENT}]}`, 'invalid_body'],
  [`{"events":[${EVENT}],"__proto__":1}`, 'invalid_body'],
  [`{"events":[${Array(1_001).fill('1').join()}]}`, 'invalid_body'],
  [`{"events":[{"type":"a","data":1,"id":"x"},{"type":"a","data":1,"id":"x"}]}`, 'invalid_body'],
  [`{"events":[{"type":"a","data":"${'x'.repeat(LIMIT)}"}]}`, 'payload_too_large'],
])('%.60s is rejected as %s', async (text, code) => {
  expect(await codeOf(() => read(text))).toBe(code);
});

test('a long array, or a large unknown value, is rejected without being parsed', async () => {
  const numbers = `[${'1,'.repeat(4_000_000)}1]`;
  for (const text of [numbers, `{"events":${numbers}}`, `{"other":${numbers}}`]) {
    const bytes = Buffer.from(text);
    const [took, parsing]: [number[], number[]] = [[], []];
    // The fastest of three counts: the first one may still compile the scanner.
    for (let run = 0; run < 3; run++) {
      const before = cpuMs();
      expect(await codeOf(() => read(bytes))).toBe('invalid_body');
      took.push(cpuMs() - before);
      const parsedFrom = cpuMs();
      JSON.parse(text);
      parsing.push(cpuMs() - parsedFrom);
    }
    // To find the end of the value takes about as long as JSON.parse. To make an event of each item takes much longer.
    expect(Math.min(...took)).toBeLessThan(8 * Math.min(...parsing));
  }
});

test('the errors of all events are reported with their pointers', async () => {
  const events = [EVENT, '{"type":"a/b","data":1}', '{"data":1}', '{"type":"a","data":1,"x":1}'];
  const problem = await read(`{"events":[${events}]}`).catch((error: Problem) => error);
  expect((problem as Problem).errors.map(({ pointer }) => pointer)).toEqual([
    '/events/1/type',
    '/events/2/type',
    '/events/3/x',
  ]);
});

test('any text is accepted or rejected as if it were parsed at once', async () => {
  const base = `{"events":[${EVENT},{"type":"b","data":{"a":[1,"x\\"]"]}}]}`;
  const broken = fc
    .tuple(
      fc.nat(base.length),
      fc.nat(3),
      fc.constantFrom('', ',', ':', '{', '}', '[', ']', '"', ' ', '1', '\\'),
    )
    .map(([at, length, insert]) => base.slice(0, at) + insert + base.slice(at + length));
  await fc.assert(
    fc.asyncProperty(fc.oneof(broken, fc.json()), async (text) => {
      const problem = await read(text).catch((error: Problem) => error);
      // Parsing at once does not find duplicates, because JSON.parse drops the first of them.
      if (problem instanceof Problem && /twice/.test(problem.errors[0]?.detail ?? '')) return;
      expect(problem instanceof Problem ? problem.code : 'read').toBe(await codeOfWhole(text));
    }),
    { numRuns: 2_000 },
  );
});
