import { accepts, type ReceivedRequest } from '../../src/cli/try/page-receivers/page-receiver.ts';
import { type Receiver, type ReceivedRequest as SeenRequest, startReceiver } from '../receivers/receiver.ts';
import { startTestPosthorn, type TestPosthorn } from '../set-up/test-posthorn.ts';
import { openAccount } from './account.ts';
import { PROVIDERS, type Provider } from './providers.ts';
import { type PythonReceivers, pythonMissingReason, startPythonReceivers } from './python-receivers.ts';

/** Members that a receiver, or a sender, may trip over. */
const HARD = [
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
if (noPython) console.warn(`the receivers in Python are not tried: ${noPython}`);

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

/** The example of every type, as it is and with hard members. */
const everyData = ({ profile }: Provider): { type: string; data: string }[] =>
  profile.eventTypes.flatMap(({ name: type, example }) => [
    { type, data: JSON.stringify(example) },
    { type, data: withMembers(example, profile.name === 'canvelete' ? HARD : [...HARD, BIG]) },
  ]);

const asPageSees = ({ headers, body }: SeenRequest): ReceivedRequest => ({
  headers: headers as Record<string, string>,
  body,
});

const flipped = ({ headers, body }: ReceivedRequest, place: number): ReceivedRequest => {
  const copy = Buffer.from(body);
  copy[Math.floor(place / 8)]! ^= 1 << (place % 8);
  return { headers, body: copy };
};

test.each(PROVIDERS)(
  'the receivers of the page of $name accept every event type that is posted, and no forgery of it',
  async (provider) => {
    const { post, registered } = await openAccount(posthorn, provider, receiver.url);
    const all = everyData(provider);
    for (const { type, data } of all) await post(type, data);
    await receiver.untilReceived(all.length);

    for (const request of receiver.requests.map(asPageSees)) {
      expect(accepts(provider.receiver, request, registered.secret)).toBe(true);
      expect(accepts(provider.receiver, request, `${registered.secret}!`)).toBe(false);
      for (const { name, receiver: other } of PROVIDERS) {
        if (name !== provider.name) expect(accepts(other, request, registered.secret)).toBe(false);
      }
      // The last bit of a letter in the first member's name: no receiver reads it as the same value.
      expect(accepts(provider.receiver, flipped(request, 2 * 8), registered.secret)).toBe(false);
      if (!python || !WITH_PYTHON.includes(provider.name)) continue;
      expect(await python.accepts(provider.name, request, registered.secret)).toBe(true);
      expect(await python.accepts(provider.name, request, `${registered.secret}!`)).toBe(false);
      expect(await python.accepts(provider.name, flipped(request, 2 * 8), registered.secret)).toBe(false);
    }
  },
);

test.each(PROVIDERS.filter(({ profile }) => profile.name !== 'canvelete'))(
  'what is posted reaches a receiver of $name byte for byte',
  async (provider) => {
    const { post } = await openAccount(posthorn, provider, receiver.url);
    const { name: type, example } = provider.profile.eventTypes[0]!;
    const data = withMembers(example, [...HARD, BIG]);
    await post(type, data);
    await receiver.untilReceived(1);

    const sent = provider.name === 'pdf-gorilla' ? data.slice(1, -1) : `"data":${data}`;
    expect(receiver.requests[0]!.body.toString('utf8')).toContain(sent);
  },
);

test('what is posted reaches a receiver of canvelete as JSON.stringify writes it, or is refused with its place', async () => {
  const provider = PROVIDERS.find(({ name }) => name === 'canvelete')!;
  const { key, post, registered } = await openAccount(posthorn, provider, receiver.url);
  await post('design.deleted', withMembers({ designId: 'design_1' }, HARD));
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
