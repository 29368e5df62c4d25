import { eventually } from '../../set-up/eventually.ts';
import { SECRET } from '../../set-up/targets.ts';
import { startTestPosthorn, type TestPosthorn } from '../../set-up/test-posthorn.ts';

let posthorn: TestPosthorn;
let servers: [string, string][];

beforeAll(async () => {
  posthorn = await startTestPosthorn({ settings: { allowTargets: ['0.0.0.0/0', '::/0'] } });
  const { databaseUrl, temporal } = posthorn.config;
  servers = [
    ['the API', new URL(posthorn.url).port],
    ['the Web UI', new URL(temporal.uiUrl!).port],
    ['Temporal', temporal.address.split(':')[1]!],
    ['Postgres', new URL(databaseUrl).port],
  ];
});
afterAll(() => posthorn.close());

test.each(['127.0.0.1', 'localhost', '0.0.0.0', '[::1]', '[::ffff:7f00:1]', '2130706433'])(
  'an endpoint or a target at a server of Posthorn is refused, whatever is allowed: %s',
  async (host) => {
    for (const [, port] of servers) {
      const url = `http://${host}:${port}/api/v1/namespaces/default/workflows/x/terminate`;
      const errors = [{ detail: 'the URL belongs to the service that sends the requests' }];
      const asked = [
        ['/v1/endpoints', { url, headers: { 'x-csrf-token': 'a', cookie: '_csrf=a' } }],
        ['/v1/webhooks', { url, events: ['*'] }],
        ['/v1/events', { type: 'a', data: {}, target: { url, secret: SECRET } }],
      ] as const;
      for (const [path, body] of asked) {
        const { key } = posthorn.project;
        expect(await posthorn.client.call('POST', path, { key, body })).toMatchObject({
          status: 422,
          body: { errors },
        });
      }
    }
  },
);

test('nothing is sent to an endpoint that was registered before the guard refused it', async () => {
  const endpoint = await posthorn.newEndpoint('http://127.0.0.1:9/', { events: ['before'] });
  for (const [, port] of servers) {
    await posthorn.database.pool.query('UPDATE endpoints SET url = $2 WHERE id = $1', [
      endpoint.id,
      `http://127.0.0.1:${port}/`,
    ]);
    const { deliveries } = await posthorn.post({ type: 'before', data: {} });
    const attempts = () => posthorn.attemptsOf(deliveries[0]!.id);
    await eventually(async () => (await attempts()).length > 0);
    expect(await attempts()).toMatchObject([{ outcome: 'blocked', error: { code: 'OWN_ADDRESS' } }]);
  }
});
