import { accepts, type ReceivedRequest } from '../../src/cli/try/reference-verifiers/reference-verifier.ts';
import {
  type Receiver,
  type ReceivedRequest as RecordedRequest,
  startReceiver,
} from '../receivers/receiver.ts';
import { startTestPosthorn, type TestPosthorn } from '../set-up/test-posthorn.ts';
import { openAccount } from './account.ts';
import { PROVIDERS, type Provider } from './providers.ts';
import { type PythonReceivers, pythonMissingReason, startPythonReceivers } from './python-receivers.ts';

/** Members that senders or receivers may handle wrongly. */
const EDGE_CASES = [
  '"title":"Zürich 📯 \u2028 前"',
  '"score":1.0',
  '"text":"\\u00e9\\/\\n\\u0000\\ud83d"',
  '"empty":{"":"","object":{},"array":[]}',
  '"nothing":null',
  '"spaced" : [ null, true ]',
];
const BIG = '"big":[12345678901234567890,1e400]';
const WITH_PYTHON = ['canvelete', 'pdf-gorilla', 'pausepoint'];

const noPython = pythonMissingReason();
if (noPython) console.warn(`the Python receivers are not tested: ${noPython}`);

let posthorn: TestPosthorn;
let python: PythonReceivers | undefined;
let receiver: Receiver;

beforeAll(async () => {
  posthorn = await startTestPosthorn();
  if (!noPython) python = startPythonReceivers();
});
beforeEach(async () => {
  receiver = await startReceiver();
});
afterEach(() => receiver.close());
afterAll(async () => {
  await python?.close();
  await posthorn.close();
});

const withMembers = (example: unknown, members: string[]): string =>
  `${JSON.stringify(example).slice(0, -1)},${members.join(',')}}`;

/** The example of every type, unchanged and with the edge cases. */
const everyData = ({ profile }: Provider): { type: string; data: string }[] =>
  profile.eventTypes.flatMap(({ name: type, example }) => [
    { type, data: JSON.stringify(example) },
    { type, data: withMembers(example, profile.name === 'canvelete' ? EDGE_CASES : [...EDGE_CASES, BIG]) },
  ]);

const toPageRequest = ({ headers, body }: RecordedRequest): ReceivedRequest => ({
  headers: headers as Record<string, string>,
  body,
});

const flipped = ({ headers, body }: ReceivedRequest, place: number): ReceivedRequest => {
  const copy = Buffer.from(body);
  copy[Math.floor(place / 8)]! ^= 1 << (place % 8);
  return { headers, body: copy };
};

test.each(PROVIDERS)(
  'the receivers on the page of $name accept every posted event type and refuse forgeries',
  async (provider) => {
    const { post, registered } = await openAccount(posthorn, provider, receiver.url);
    const all = everyData(provider);
    for (const { type, data } of all) await post(type, data);
    await receiver.untilReceived(all.length);

    for (const request of receiver.requests.map(toPageRequest)) {
      expect(accepts(provider.receiver, request, registered.secret)).toBe(true);
      expect(accepts(provider.receiver, request, `${registered.secret}!`)).toBe(false);
      for (const { name, receiver: other } of PROVIDERS) {
        if (name !== provider.name) expect(accepts(other, request, registered.secret)).toBe(false);
      }
      // Flips a bit in the name of the first member, so no receiver can parse the same value.
      expect(accepts(provider.receiver, flipped(request, 2 * 8), registered.secret)).toBe(false);
      if (!python || !WITH_PYTHON.includes(provider.name)) continue;
      expect(await python.accepts(provider.name, request, registered.secret)).toBe(true);
      expect(await python.accepts(provider.name, request, `${registered.secret}!`)).toBe(false);
      expect(await python.accepts(provider.name, flipped(request, 2 * 8), registered.secret)).toBe(false);
    }
  },
);

test.each(PROVIDERS.filter(({ profile }) => profile.name !== 'canvelete'))(
  'a receiver of $name gets the data byte for byte as it was posted',
  async (provider) => {
    const { post } = await openAccount(posthorn, provider, receiver.url);
    const { name: type, example } = provider.profile.eventTypes[0]!;
    const data = withMembers(example, [...EDGE_CASES, BIG]);
    await post(type, data);
    await receiver.untilReceived(1);

    const sent = provider.name === 'pdf-gorilla' ? data.slice(1, -1) : `"data":${data}`;
    expect(receiver.requests[0]!.body.toString('utf8')).toContain(sent);
  },
);

test('a receiver of canvelete gets the data as JSON.stringify writes it; other data is refused with a pointer', async () => {
  const provider = PROVIDERS.find(({ name }) => name === 'canvelete')!;
  const { key, post, registered } = await openAccount(posthorn, provider, receiver.url);
  await post('design.deleted', withMembers({ designId: 'design_1' }, EDGE_CASES));
  await receiver.untilReceived(1);

  const body = receiver.requests[0]!.body.toString('utf8');
  expect(JSON.stringify(JSON.parse(body))).toBe(body);
  expect(body).toContain('"score":1,');

  const data = withMembers({ designId: 'design_1' }, [BIG]);
  const refused = await posthorn.client.call('POST', '/v1/events', {
    key,
    body: `{"type":"design.deleted","consumer":"${registered.eventFields.consumer}","data":${data}}`,
  });
  expect(refused).toMatchObject({
    status: 422,
    body: {
      code: 'data_not_representable',
      errors: [{ pointer: '/data/big/0' }, { pointer: '/data/big/1' }],
    },
  });
});
