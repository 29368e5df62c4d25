import { NO_DISCREPANCIES } from '../faults/installation/ledger.ts';
import { startReceiver } from '../receivers/receiver.ts';
import { expectDelays } from '../replay/expect-timers.ts';
import { readHistoryFacts } from '../replay/history.ts';
import { eventually } from '../set-up/eventually.ts';
import { clusterSuite } from './installation/cluster-suite.ts';

const suite = clusterSuite();

test('two APIs and two workers deliver a load once', async () => {
  const stream = await suite.startStream();

  const findings = await stream.audit(suite.posthorn.pool);

  expect(findings).toEqual({ ...NO_DISCREPANCIES, unbalanced: [], duplicates: 0, unknown: 0 });
  expect(new Set(stream.responses.map(({ status }) => status))).toEqual(new Set([202]));
});

test('the timers of a workflow are the schedule, and no retry is early', async () => {
  const { api, pool } = suite.posthorn;
  const receiver = await startReceiver([503]);
  const project = await api.newProject({ delays: ['3s', '7s', '4s'], timeout: '3s', jitter: 0 });
  await api.newEndpoint(project, receiver.url, ['*']);
  await api.call(project.key, 'POST', '/v1/events', { type: 'a.b', data: {} });

  const settled = `SELECT workflow_id FROM deliveries WHERE status = 'undeliverable'`;
  await eventually(async () => (await pool.query(settled)).rowCount === 1, 120_000);

  const workflowId = (await pool.query<{ workflow_id: string }>(settled)).rows[0]!.workflow_id;
  const isClosed = ({ end }: { end: { failure?: unknown } }) => end.failure !== undefined;
  const history = () => suite.posthorn.withTemporal((client) => readHistoryFacts(client, workflowId));
  await eventually(async () => isClosed(await history()));
  const { input, timers, end } = await history();
  expect(input).toMatchObject({ policy: { delays: [3, 7, 4] } });
  expectDelays(timers, ['3s', '7s', '4s']);
  expect(end).toMatchObject({ status: 'failed', failure: { type: 'Undeliverable' } });
  const at = receiver.requests.map(({ receivedAt }) => receivedAt);
  const gaps = at.slice(1).map((time, n) => time - at[n]!);
  expect(gaps.map((gap, n) => gap >= [3_000, 7_000, 4_000][n]!)).toEqual([true, true, true]);
  await receiver.close();
});
