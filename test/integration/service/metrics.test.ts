import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findFreePort } from '../../../src/embedded/free-port.ts';
import { measureBacklog } from '../../../src/store/statistics/measure-backlog.ts';
import { nonEphemeralPort } from '../../faults/installation/own-servers.ts';
import { startReceiver } from '../../receivers/receiver.ts';
import { respondJson, startTokenServer } from '../../receivers/token-server.ts';
import { eventually } from '../../set-up/eventually.ts';
import { startTestPosthorn, type TestPosthorn } from '../../set-up/test-posthorn.ts';

const deploy = join(__dirname, '../../../deploy');

let posthorn: TestPosthorn;
let metricsUrl: string;

beforeAll(async () => {
  const metricsPort = await findFreePort(nonEphemeralPort());
  metricsUrl = `http://127.0.0.1:${metricsPort}/metrics`;
  posthorn = await startTestPosthorn({ settings: { metricsPort, endpointMetrics: 'all' } });
});
afterAll(() => posthorn.close());

const scrape = async (): Promise<string[]> => (await (await fetch(metricsUrl)).text()).split('\n');

test('a scrape has the attempts and open deliveries of each endpoint, until it is deleted', async () => {
  const [healthy, failing] = [await startReceiver(), await startReceiver([400, 400])];
  try {
    await posthorn.call('PATCH', '/v1/project', { policy: { delays: [] } });
    const good = await posthorn.newEndpoint(healthy.url, { events: ['a'] });
    const bad = await posthorn.newEndpoint(failing.url, { events: ['a'] });
    const paused = await posthorn.newEndpoint(healthy.url, { events: ['b'] });
    await posthorn.call('POST', `/v1/endpoints/${paused.id}/pause`);
    for (const type of ['a', 'a', 'b', 'b', 'b']) {
      const event = await posthorn.post({ type, data: {} });
      if (type === 'a') await posthorn.untilSettled(event.id);
    }
    const labels = (endpoint: string) => `project="${posthorn.project.id}",endpoint="${endpoint}"`;

    expect(await scrape()).toEqual(
      expect.arrayContaining([
        `posthorn_endpoint_attempts_total{${labels(good.id)},result="delivered"} 2`,
        `posthorn_endpoint_attempts_total{${labels(bad.id)},result="rejected"} 2`,
        `posthorn_endpoint_attempt_duration_seconds_count{${labels(good.id)}} 2`,
      ]),
    );
    // In the background it is counted at intervals that follow the time that it takes.
    await measureBacklog(posthorn.database.pool);
    const open = `posthorn_endpoint_open_deliveries{${labels(paused.id)}} 3`;
    await eventually(async () => (await scrape()).includes(open));

    await posthorn.call('DELETE', `/v1/endpoints/${bad.id}`);
    await eventually(async () => !(await scrape()).join().includes(bad.id));
    expect((await scrape()).join()).toContain(good.id);
  } finally {
    await Promise.all([healthy.close(), failing.close()]);
  }
});

test('a scrape counts the requests for access tokens by what became of them, without a name of a tenant', async () => {
  const [receiver, server] = [await startReceiver(), await startTokenServer()];
  const credentials = { tokenUrl: server.tokenUrl, clientId: 'counted-client', clientSecret: 'very secret' };
  try {
    await posthorn.newEndpoint(receiver.url, { events: ['token'], oauth: credentials });
    server.respondWith(respondJson(401, { error: 'invalid_client' }));
    const refused = await posthorn.post({ type: 'token', data: {} });
    await posthorn.untilSettled(refused.id);
    server.respondWith(null);
    for (let n = 0; n < 2; n++)
      await posthorn.untilSettled((await posthorn.post({ type: 'token', data: {} })).id);

    const lines = (await scrape()).filter((line) => line.startsWith('posthorn_token_'));
    expect(lines).toEqual(
      expect.arrayContaining([
        'posthorn_token_requests_total{outcome="TOKEN_REFUSED"} 1',
        'posthorn_token_requests_total{outcome="granted"} 1',
        'posthorn_token_request_duration_seconds_count 2',
      ]),
    );
    const labels = lines.flatMap((line) => [...line.matchAll(/(\w+)="/g)].map(([, label]) => label));
    expect(new Set(labels)).toEqual(new Set(['outcome', 'le']));
  } finally {
    await Promise.all([receiver.close(), server.close()]);
  }
});

test.each(['prometheus/posthorn.rules.yml', 'grafana/posthorn.json'])(
  'a scrape has every metric that deploy/%s names',
  async (file) => {
    const text = readFileSync(join(deploy, file), 'utf8');
    const named = new Set(text.match(/\b(?:posthorn|process|nodejs)_[a-z0-9_]+/g));
    const known = (await scrape()).flatMap((line) => {
      const [, name, type] = /^# TYPE (\S+) (\S+)$/.exec(line) ?? [];
      if (name === undefined) return [];
      return type === 'histogram' ? ['_bucket', '_sum', '_count'].map((end) => `${name}${end}`) : [name];
    });
    expect(named.size).toBeGreaterThan(15);
    expect([...named].filter((name) => !known.includes(name))).toEqual([]);
  },
);
