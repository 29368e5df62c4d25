import { type Receiver, startReceiver } from '../../receivers/receiver.ts';
import { type SilentOrigins, startSilentOrigins } from '../../receivers/silent-origins.ts';
import { eventually } from '../../set-up/eventually.ts';
import { SECRET } from '../../set-up/targets.ts';
import { startTestPosthorn, type TestPosthorn } from '../../set-up/test-posthorn.ts';

let posthorn: TestPosthorn;
let receiver: Receiver;
let silent: SilentOrigins;

beforeEach(async () => {
  posthorn = await startTestPosthorn();
  silent = await startSilentOrigins();
});
afterEach(async () => {
  silent.close();
  await posthorn.close();
  await receiver.close();
});

/** Makes a project and returns a function that calls the API with its key. */
async function projectWith(settings: object) {
  const { key } = await posthorn.newProject(settings);
  return async (method: string, path: string, body: object): Promise<void> => {
    const { status, text } = await posthorn.client.call(method, path, { key, body });
    if (status >= 300) throw new Error(`${method} ${path} returned ${status}: ${text}`);
  };
}

test('a retry is on time while another project has hundreds of attempts in flight to silent endpoints', async () => {
  receiver = await startReceiver([500, 200]);
  const slow = await projectWith({ policy: { delays: ['2s', '2s'], timeout: '60s' } });
  for (let n = 0; n < 14; n++) await slow('POST', '/v1/endpoints', { url: silent.url(n) });
  const events = Array.from({ length: 40 }, () => ({ type: 'a.b', data: {} }));
  await slow('POST', '/v1/events/batch', { events });
  await eventually(() => silent.connections() >= 14 * 32);

  const victim = await projectWith({ policy: { delays: ['2s', '2s'], timeout: '5s' } });
  await victim('POST', '/v1/endpoints', { url: receiver.url });
  await victim('POST', '/v1/events', { type: 'a.b', data: {} });
  await receiver.untilReceived(2);

  const [first, second] = receiver.requests;
  expect(second!.receivedAt - first!.receivedAt).toBeLessThan(20_000); // the attempts in flight end after 60 s
});

test('targets at 1,000 silent origins delay no other project', async () => {
  receiver = await startReceiver([200]);
  const busy = await projectWith({ policy: { timeout: '60s' } });
  const events = Array.from({ length: 1_000 }, (_, n) => ({
    type: 'a.b',
    data: {},
    target: { url: silent.url(n), secret: SECRET },
  }));
  await busy('POST', '/v1/events/batch', { events });
  await eventually(() => silent.connections() >= 500);

  const victim = await projectWith({});
  await victim('POST', '/v1/endpoints', { url: receiver.url });
  for (let n = 1; n <= 5; n++) {
    const postedAt = Date.now();
    await victim('POST', '/v1/events', { type: 'a.b', data: {} });
    await receiver.untilReceived(n);
    expect(receiver.requests[n - 1]!.receivedAt - postedAt).toBeLessThan(20_000); // the others end after 60 s
  }
});
