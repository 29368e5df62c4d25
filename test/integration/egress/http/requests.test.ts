import { type Receiver, startReceiver } from '../../../receivers/receiver.ts';
import { outboundPerTest } from '../outbound-per-test.ts';

const { create, post } = outboundPerTest();
let receiver: Receiver | undefined;

afterEach(async () => {
  await receiver?.close();
  receiver = undefined;
});

test('a header that is invalid in HTTP blocks the request, and nothing is sent', async () => {
  receiver = await startReceiver();
  create();
  const result = await post(receiver.url, { headers: { 'x-injected': 'a\r\nx-admin: 1' } });

  expect(result).toMatchObject({
    kind: 'failed',
    outcome: 'blocked',
    error: { code: 'REQUEST_NOT_SENDABLE' },
  });
  expect(receiver.requests).toEqual([]);
});

test('headers arrive in their order and case, followed by the defaults', async () => {
  receiver = await startReceiver();
  create();
  await post(`${receiver.url}a?b=c`, {
    body: Buffer.from('{"é":1.0}'),
    headers: { 'Webhook-ID': 'msg_1', 'content-type': 'application/json', 'X-b': '2', 'X-a': '1' },
  });

  const [request] = receiver.requests;
  expect(request).toMatchObject({ method: 'POST', path: '/a?b=c', body: Buffer.from('{"é":1.0}') });
  expect(request!.rawHeaders).toEqual([
    ...['host', `127.0.0.1:${receiver.port}`, 'Webhook-ID', 'msg_1', 'content-type', 'application/json'],
    ...[
      'X-b',
      '2',
      'X-a',
      '1',
      'content-length',
      '10',
      'accept',
      '*/*',
      'accept-encoding',
      'identity',
      'user-agent',
      'Posthorn',
    ],
    ...['Connection', 'keep-alive'],
  ]);
});

test.each([0, 1, 16_384, 16_385, 1_000_000])('a body of %d bytes arrives unchanged', async (bytes) => {
  receiver = await startReceiver();
  const body = Buffer.alloc(bytes, 'é1');
  create();

  const result = await post(receiver.url, { headers: { 'x-latin1': 'é' }, body });

  expect(result).toMatchObject({ outcome: 'delivered' });
  expect(receiver.requests).toMatchObject([{ headers: { 'x-latin1': 'é' }, body }]);
});

test('User-Agent and Accept of a profile or endpoint replace the defaults, whatever their case', async () => {
  receiver = await startReceiver();
  create({ userAgent: 'Posthorn/1.2.3 (+https://hooks.example.com)' });
  await post(receiver.url, { headers: { 'User-Agent': 'Own/1', ACCEPT: 'application/json' } });
  await post(receiver.url);

  expect(receiver.requests.map(({ headers }) => [headers['user-agent'], headers.accept])).toEqual([
    ['Own/1', 'application/json'],
    ['Posthorn/1.2.3 (+https://hooks.example.com)', '*/*'],
  ]);
});

test.each([
  '/a?',
  '/a|b?q=a|b',
  '//x//y',
  '/%zz?%',
  '/m;v=1,2:3@4?a=1&&b=&c',
  '/?',
  '/a%2fb%2Fc?sig=a%2Bb%3D',
])('the request line contains the URL as registered: %s', async (target) => {
  receiver = await startReceiver();
  create();
  await post(receiver.url.slice(0, -1) + target);

  expect(receiver.requests.map(({ path }) => path)).toEqual([target]);
});

test('a redirect is a rejected response whose error names the target without its query', async () => {
  receiver = await startReceiver([
    (_, response) =>
      void response.writeHead(308, { location: 'https://www.example.com/b?token=s3cret' }).end(),
  ]);
  create();

  expect(await post(receiver.url)).toMatchObject({
    kind: 'responded',
    outcome: 'rejected',
    statusCode: 308,
    error: {
      code: 'REDIRECT_NOT_FOLLOWED',
      message: expect.stringContaining('redirects to https://www.example.com/b?…: '),
    },
  });
});
