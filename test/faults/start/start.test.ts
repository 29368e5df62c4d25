import { execFile } from 'node:child_process';
import { createServer, type Server } from 'node:net';
import { promisify } from 'node:util';
import { type Receiver, startReceiver } from '../../receivers/receiver.ts';
import { eventually } from '../../set-up/eventually.ts';
import { SECRET } from '../../set-up/targets.ts';
import { type ApiClient, apiClient } from '../installation/api-client.ts';
import { type EmbeddedInstallation, embeddedInstallation } from '../installation/embedded-installation.ts';
import {
  endAllProcesses,
  hasExited,
  launchPosthorn,
  type PosthornProcess,
} from '../installation/posthorn-process.ts';

let installation: EmbeddedInstallation;
let receiver: Receiver | undefined;
let taken: Server | undefined;

beforeEach(() => {
  installation = embeddedInstallation();
});
afterEach(async () => {
  await endAllProcesses();
  await receiver?.close();
  taken?.close();
  receiver = taken = undefined;
  await installation.remove();
});

type Started = { posthorn: PosthornProcess; api: ApiClient; key: string };

async function start(): Promise<Started> {
  const posthorn = launchPosthorn('start', installation.env);
  const [, url] = await posthorn.untilPrinted(/API +(http:\/\/\S+)/);
  await posthorn.untilPrinted(/curl -sS .*\n.*\n.*-d '.*'/);
  return { posthorn, api: apiClient(url!, ''), key: installation.projectKey() };
}

test('it prints API, Web UI, key and a curl that delivers, and Ctrl-C leaves no process behind', async () => {
  const { posthorn, api, key } = await start();
  const output = posthorn.output();
  const [, uiUrl] = /Web UI +(http:\/\/\S+)/.exec(output)!;
  const [curl] = /curl -sS (.|\n)*-d '.*'/.exec(output)!;

  expect((await fetch(`${api.url}/docs`)).status).toBe(200);
  expect((await fetch(uiUrl!)).status).toBe(200);
  expect(output).toContain(key);
  const { stdout } = await promisify(execFile)('sh', ['-c', curl]);
  expect(JSON.parse(stdout)).toMatchObject({ status: 'delivered', deliveries: [{ status: 'delivered' }] });
  await posthorn.untilPrinted(/signature verified/);

  const pids = installation.pids();
  expect(await posthorn.end('SIGINT')).toBe(0);
  expect(pids.filter((pid) => !hasExited(pid))).toEqual([]);
});

test('"posthorn try" finds a running Posthorn by its data folder, and reports when it has stopped', async () => {
  const { posthorn } = await start();

  const found = launchPosthorn('try', installation.env, 'cmdcal');
  expect(await found.ended).toBe(0);
  expect(found.output()).toContain('Everything verified.');

  expect(await posthorn.end('SIGINT')).toBe(0);
  const alone = launchPosthorn('try', installation.env, 'cmdcal');
  expect(await alone.ended).toBe(1);
  expect(alone.output()).toMatch(/No Posthorn responds at http:\S+\. Start one with "npm start"/);
});

test('a second start continues the waiting retry, with the same key', async () => {
  receiver = await startReceiver([503, 200]);
  const first = await start();
  const { call } = first.api;
  await call(first.key, 'PATCH', '/v1/project', { policy: { delays: ['8s'] } });
  const target = { url: receiver.url, secret: SECRET };
  await call(first.key, 'POST', '/v1/events', { id: 'waits', type: 'a.b', data: {}, target });
  await eventually(async () => (await deliveryOf(first)).status === 'retrying');
  const { nextAttemptAt } = await deliveryOf(first);
  expect(await first.posthorn.end('SIGINT')).toBe(0);

  const second = await start();
  await eventually(async () => (await deliveryOf(second)).status === 'delivered');

  expect(second.key).toBe(first.key);
  expect(receiver.requests).toHaveLength(2);
  expect(receiver.requests[1]!.receivedAt).toBeGreaterThanOrEqual(Date.parse(nextAttemptAt!));
});

test('a taken port is avoided, and reported if it was configured', async () => {
  // Another suite may have the port for a while; a program that keeps it suits this test as well.
  const take = async () => {
    taken = await listenOn(4000);
    return taken !== undefined;
  };
  await eventually(take, 30_000).catch(() => {});
  const { posthorn, api } = await start();
  expect(new URL(api.url).port).not.toBe('4000');
  expect((await fetch(`${api.url}/readyz`)).status).toBe(200);
  expect(await posthorn.end('SIGINT')).toBe(0);

  const asked = launchPosthorn('start', { ...installation.env, POSTHORN_PORT: '4000' });
  await asked.untilPrinted(/could not start: .*4000.*another program has that port.*POSTHORN_PORT/, 60_000);
  expect(await asked.ended).toBe(1);
});

type Shown = { status: string; nextAttemptAt: string | null };

async function deliveryOf({ api, key }: Started): Promise<Shown> {
  const event = await api.call<{ deliveries: Shown[] }>(key, 'GET', '/v1/events/waits');
  return event.deliveries[0]!;
}

/** Undefined if another program already listens on the port. */
function listenOn(port: number): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}
