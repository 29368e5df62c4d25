import { type Outcome, PosthornClient, verifyWebhook } from '../../sdk/typescript/src/index.ts';
import { currentCursor, formatCursor } from '../../src/store/outcomes/outcomes.ts';
import { type Receiver, startReceiver } from '../receivers/receiver.ts';
import { startTestPosthorn, type TestPosthorn } from '../set-up/test-posthorn.ts';
import { runPython, testWithPython } from './run-program.ts';

let posthorn: TestPosthorn;
let receiver: Receiver;
let client: PosthornClient;

beforeAll(async () => {
  posthorn = await startTestPosthorn();
  client = new PosthornClient({ url: posthorn.url, apiKey: posthorn.project.key });
});
beforeEach(async () => {
  receiver = await startReceiver([200]);
});
afterEach(() => receiver.close());
afterAll(() => posthorn.close());

/** The current cursor of the outcome stream. */
const streamCursor = async (): Promise<string> => formatCursor(await currentCursor(posthorn.database.pool));

test('an event sent with the TypeScript client arrives, verifies and appears on the outcome stream', async () => {
  const lastEventId = await streamCursor();
  const endpoint = await client.endpoints.create({ url: receiver.url, consumer: 'typescript' });

  const event = await client.events.send(
    { type: 'a.b', data: { é: 1 }, consumer: 'typescript' },
    { wait: '10s' },
  );

  expect(event).toMatchObject({ status: 'delivered', deliveryCount: 1 });
  const { body, headers } = receiver.requests[0]!;
  expect(verifyWebhook({ payload: body, headers, secret: endpoint.secret! })).toBe(true);
  expect(verifyWebhook({ payload: `${body} `, headers, secret: endpoint.secret! })).toBe(false);
  const outcomes: Outcome[] = [];
  for await (const outcome of client.outcomes.stream({ lastEventId })) {
    outcomes.push(outcome);
    if (outcome.kind === 'event.settled') break;
  }
  expect(outcomes.map(({ kind, event: id }) => [kind, id])).toEqual([
    ['delivery.delivered', event.id],
    ['event.settled', event.id],
  ]);
});

test('a test event after a rotation verifies with a list of the new secret and the old one', async () => {
  const consumer = 'rotating';
  const registered = await client.endpoints.create({ url: receiver.url, consumer });
  const rotated = await client.endpoints.rotateSecret(registered.id, { overlap: '2h' });
  const event = await client.endpoints.test(registered.id, {}, { wait: '10s' });
  expect(event).toMatchObject({ test: true, status: 'delivered', consumer });
  const { body, headers } = receiver.requests[0]!;
  for (const secret of [[rotated.secret!, registered.secret!], registered.secret!, rotated.secret!])
    expect(verifyWebhook({ payload: body, headers, secret })).toBe(true);

  const listed = await client.webhooks.list();
  expect(listed.items.map(({ id }) => id)).toContain(registered.id);
  await client.webhooks.delete(registered.id);
  await expect(client.endpoints.get(registered.id)).rejects.toMatchObject({ status: 404 });
});

test('a refused call throws a typed error in TypeScript', async () => {
  await expect(client.events.get('evt_none')).rejects.toMatchObject({ status: 404, code: 'not_found' });
  await expect(client.endpoints.create({ url: 'ftp://a' })).rejects.toMatchObject({ status: 422 });
});

testWithPython(
  'an event sent with the Python client arrives, verifies and appears on the outcome stream',
  async () => {
    const { stdout } = await runPython([
      'tests/send_and_follow.py',
      posthorn.url,
      posthorn.project.key,
      receiver.url,
      await streamCursor(),
    ]);
    const { secret, event, kinds, refused } = JSON.parse(stdout);
    const { body, headers } = receiver.requests[0]!;
    expect(verifyWebhook({ payload: body, headers, secret })).toBe(true);
    expect(event).toMatchObject({ status: 'delivered', data: { é: 1 } });
    expect(kinds).toEqual(['delivery.delivered', 'event.settled']);
    expect(refused).toEqual([404, 'not_found']);
  },
);
