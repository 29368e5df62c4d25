import fc from 'fast-check';
import { accepts } from '../../../src/cli/try/reference-verifiers/reference-verifier.ts';
import { jsonObjectText, jsonText } from '../../providers/json-text.ts';
import {
  anyEvent,
  composeBody,
  composeRequest,
  getProvider,
  type Provider,
} from '../../providers/providers.ts';
import {
  type PythonReceivers,
  pythonMissingReason,
  startPythonReceivers,
} from '../../providers/python-receivers.ts';

const reason = pythonMissingReason();
if (reason) console.warn(`the Python receivers are not tested: ${reason}`);
const describeWithPython = reason ? describe.skip : describe;

const canvelete = getProvider('canvelete');
const withPython: [string, Provider][] = [
  ['canvelete', canvelete],
  ['pdf-gorilla', getProvider('pdf-gorilla')],
  ['pausepoint', getProvider('pausepoint')],
];
const secret = fc
  .string({ unit: 'binary', minLength: 16, maxLength: 200 })
  .filter((text) => !text.includes('\0'));

describeWithPython(`Python receivers${reason ? ` (skipped: ${reason})` : ''}`, () => {
  let python: PythonReceivers;
  beforeAll(() => {
    python = startPythonReceivers();
  });
  afterAll(() => python.close());

  test.each(withPython)(
    'the receiver of %s accepts the example of every event type',
    async (name, provider) => {
      for (const { name: type, example } of provider.profile.eventTypes) {
        const request = composeRequest(provider, { type, data: JSON.stringify(example) }, 'a secret, é');
        expect(await python.accepts(name, request, 'a secret, é')).toBe(true);
      }
    },
  );

  test.each(withPython.slice(1))(
    'the receiver of %s accepts any data with its own secret only, and refuses a flipped bit',
    async (name, provider) => {
      const data = name === 'pdf-gorilla' ? jsonObjectText : jsonText;
      await fc.assert(
        fc.asyncProperty(data, secret, secret, fc.nat(), async (text, own, other, place) => {
          fc.pre(own !== other);
          const request = composeRequest(provider, { data: text }, own);
          expect(await python.accepts(name, request, own)).toBe(true);
          expect(await python.accepts(name, request, other)).toBe(false);
          const body = Buffer.from(request.body);
          body[place % body.length]! ^= 1 << (place % 8);
          expect(await python.accepts(name, { ...request, body }, own)).toBe(false);
        }),
      );
    },
  );

  test('both receivers of canvelete accept every event, unless it is refused with a pointer into its data', async () => {
    let sent = 0;
    await fc.assert(
      fc.asyncProperty(jsonText, secret, async (data, own) => {
        const body = canvelete.profile.composeBody({ ...anyEvent, data: Buffer.from(data) });
        if (!Buffer.isBuffer(body)) {
          for (const { pointer } of body.errors) expect(pointer).toMatch(/^\/data(\/|$)/);
          return;
        }
        sent++;
        const request = composeRequest(canvelete, { data }, own, body);
        expect(accepts(canvelete.receiver, request, own)).toBe(true);
        expect(await python.accepts('canvelete', request, own)).toBe(true);
      }),
      { numRuns: 300 },
    );
    expect(sent).toBeGreaterThan(50);
  });

  test.each([
    ['{"a":12345678901234567890}', '/data/a'],
    ['{"a":[{"b/c":1e400}]}', '/data/a/0/b~1c'],
    ['{"a":1,"a":2}', '/data/a'],
  ])('one of the two receivers could not verify %s, so it is refused at %s', async (data, pointer) => {
    expect(() => composeBody(canvelete, { data })).toThrow(`"pointer":"${pointer}"`);
    // If the data were sent unchanged, the Node.js receiver would refuse it as a forgery.
    const body = Buffer.from(`{"eventId":"evt_1","data":${data}}`);
    const request = composeRequest(canvelete, { data }, 'a secret', body);
    expect(await python.accepts('canvelete', request, 'a secret')).toBe(true);
    expect(accepts(canvelete.receiver, request, 'a secret')).toBe(false);
  });
});
