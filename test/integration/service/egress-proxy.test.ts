import { parseProxyUrl } from '../../../src/egress/proxy/proxy-url.ts';
import { findFreePort } from '../../../src/embedded/free-port.ts';
import { createLogger } from '../../../src/observability/log.ts';
import { nonEphemeralPort } from '../../faults/installation/own-servers.ts';
import { type ConnectProxy, startConnectProxy } from '../../receivers/connect-proxy.ts';
import { type Receiver, startReceiver } from '../../receivers/receiver.ts';
import { eventually } from '../../set-up/eventually.ts';
import { startTestPosthorn, type TestPosthorn } from '../../set-up/test-posthorn.ts';

const PASSWORD = 'pr0xy-pass-word';

let proxy: ConnectProxy;
let receiver: Receiver;
let posthorn: TestPosthorn;
let metricsUrl: string;
const logged: string[] = [];

beforeAll(async () => {
  [proxy, receiver] = [await startConnectProxy(), await startReceiver()];
  const metricsPort = await findFreePort(nonEphemeralPort());
  metricsUrl = `http://127.0.0.1:${metricsPort}/metrics`;
  posthorn = await startTestPosthorn({
    log: createLogger({ level: 'info', name: 'test' }, { write: (line) => void logged.push(line) }),
    settings: {
      metricsPort,
      egressProxy: parseProxyUrl(`http://posthorn:${PASSWORD}@127.0.0.1:${proxy.port}`)!,
      noProxy: [],
    },
  });
});
afterAll(async () => {
  await posthorn.close();
  await Promise.all([proxy.close(), receiver.close()]);
});

const componentOf = async () => {
  const { status, body } = await posthorn.client.call('GET', '/readyz', {});
  const { components } = body as { components: Record<string, { ok: boolean; detail?: string }> };
  return { status, egressProxy: components.egressProxy };
};
const metricsText = async (): Promise<string> => (await fetch(metricsUrl)).text();

test('a failing proxy is shown to the operator and costs no attempt; the event is delivered once it works again', async () => {
  await posthorn.newEndpoint(receiver.url, { events: ['a'] });
  expect(await componentOf()).toEqual({ status: 200, egressProxy: { ok: true } });
  expect(await metricsText()).toContain('posthorn_egress_proxy_failing 0');
  proxy.answer = () => ({ status: 407 });

  const event = await posthorn.post({ type: 'a', data: {} });
  await eventually(async () => (await componentOf()).egressProxy?.ok === false);

  expect(await componentOf()).toEqual({
    status: 200,
    egressProxy: { ok: false, detail: 'rejected its user name or password (407)' },
  });
  expect(await metricsText()).toContain('posthorn_egress_proxy_failing 1');
  expect(await metricsText()).toMatch(/posthorn_egress_proxy_faults_total\{fault="unauthorized"\} [1-9]/);
  expect((await posthorn.eventOf(event.id)).deliveries).toMatchObject([{ status: 'pending', attempts: 0 }]);

  proxy.answer = () => 'tunnel';
  await eventually(async () => {
    await posthorn.database.pool.query('UPDATE deliveries SET due_at = now() WHERE due_at > now()');
    return (await posthorn.eventOf(event.id)).deliveries[0]!.status === 'delivered';
  });

  expect((await posthorn.eventOf(event.id)).deliveries).toMatchObject([{ attempts: 1 }]);
  expect(proxy.connects.at(-1)).toEqual({
    authority: `127.0.0.1:${receiver.port}`,
    authorization: `Basic ${Buffer.from(`posthorn:${PASSWORD}`).toString('base64')}`,
  });
  const messages = logged.map((line) => JSON.parse(line) as { level: string; msg: string });
  expect(messages.filter(({ msg }) => msg.includes('egress proxy'))).toMatchObject([
    { level: 'error', fault: 'unauthorized', msg: expect.stringContaining('no attempt is counted') },
    { level: 'info', msg: 'the egress proxy opens tunnels again' },
  ]);
});

test('neither the log nor the metrics nor the status contains the password of the proxy', async () => {
  const encoded = Buffer.from(`posthorn:${PASSWORD}`).toString('base64');
  const shown = [...logged, await metricsText(), JSON.stringify(await componentOf())].join('\n');
  expect(shown).not.toContain(PASSWORD);
  expect(shown).not.toContain(encoded);
});

test('the proxy itself is never a target', async () => {
  const { key } = posthorn.project;
  const body = { url: `http://127.0.0.1:${proxy.port}/` };
  expect(await posthorn.client.call('POST', '/v1/endpoints', { key, body })).toMatchObject({
    status: 422,
    body: { errors: [{ detail: 'the URL belongs to the service that sends the requests' }] },
  });
});
