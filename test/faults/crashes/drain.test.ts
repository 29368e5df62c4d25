import { eventually } from '../../set-up/eventually.ts';
import type { Project } from '../installation/api-client.ts';
import { type Installation, installOnSharedServers } from '../installation/installation.ts';
import {
  answeredRequest,
  auditDeliveries,
  countInFlight,
  NO_DISCREPANCIES,
  readDeliveryRecords,
  untilAllDelivered,
} from '../installation/ledger.ts';
import { endAllProcesses } from '../installation/posthorn-process.ts';
import { type StalledReceiver, startStalledReceiver } from '../installation/stalled-receiver.ts';

const IN_FLIGHT = 20;
const SOME_LATER = 5;

let posthorn: Installation;
let receiver: StalledReceiver;

beforeEach(async () => {
  posthorn = await installOnSharedServers();
  receiver = await startStalledReceiver();
});
afterEach(async () => {
  receiver.respond();
  await endAllProcesses();
  await receiver.close();
  await posthorn.close();
});

const post = (project: Project, id: string) =>
  posthorn.api.call(project.key, 'POST', '/v1/events', { id, type: 'a.b', data: {} });

const idsFrom = (first: number, count: number): string[] =>
  Array.from({ length: count }, (_, n) => `event-${first + n}`);

async function openRequests(): Promise<Project> {
  const project = await posthorn.api.newProject({ timeout: '30s' });
  await posthorn.api.newEndpoint(project, `${receiver.url}`, ['*']);
  await Promise.all(idsFrom(0, IN_FLIGHT).map((id) => post(project, id)));
  await receiver.untilReceived(IN_FLIGHT);
  return project;
}

async function expectEachOnce(ids: string[]): Promise<void> {
  await untilAllDelivered(posthorn.pool, 60_000);
  const origin = receiver.url.replace(/\/$/, '');
  const findings = auditDeliveries({
    acknowledged: new Map(ids.map((id) => [id, 1])),
    receivedRequests: receiver.requests.map((request) => answeredRequest(origin, request, 200)),
    deliveries: await readDeliveryRecords(posthorn.pool),
  });
  expect(findings).toEqual({ ...NO_DISCREPANCIES, duplicates: 0, unknown: 0 });
  expect(receiver.requests).toHaveLength(ids.length);
}

test('a worker that is stopped finishes the POSTs in flight, and claims no more deliveries', async () => {
  await posthorn.startApi();
  const worker = await posthorn.startWorker();
  const project = await openRequests();

  const ended = worker.end('SIGTERM');
  await worker.untilPrinted(/"stopping"/);
  const later = idsFrom(IN_FLIGHT, SOME_LATER);
  for (const id of later) await post(project, id);
  expect(await countInFlight(posthorn.pool)).toBe(IN_FLIGHT);
  receiver.respond();

  expect(await ended).toBe(0);
  expect(receiver.requests).toHaveLength(IN_FLIGHT);
  await posthorn.startWorker();
  await expectEachOnce([...idsFrom(0, IN_FLIGHT), ...later]);
});

test('API and worker in one process finish the POSTs in flight before they exit', async () => {
  const both = await posthorn.startBoth();
  await openRequests();

  const ended = both.end('SIGTERM');
  await both.untilPrinted(/Stopping/);
  await eventually(() =>
    fetch(`${posthorn.api.url}/healthz`).then(
      () => false,
      () => true,
    ),
  );
  expect(await countInFlight(posthorn.pool)).toBe(IN_FLIGHT);
  receiver.respond();

  expect(await ended).toBe(0);
  await expectEachOnce(idsFrom(0, IN_FLIGHT));
});
