import { startReceiver } from '../../receivers/receiver.ts';
import { runScenario } from '../../replay/stage.ts';
import { eventually } from '../../set-up/eventually.ts';
import { stageFailures } from './stage-failures.ts';

type Recovery = { id: string; status: string; done: number; delivered: number; open: number };

const FAILURES = 200;

test('a recovery whose workflow continues as new goes on after kill -9 of the worker, and sends each delivery once', async () => {
  const receiver = await startReceiver([200]);
  await runScenario(async (stage) => {
    const posthorn = await stage.posthorn({
      roles: { api: true, worker: false },
      settings: { jobStepsPerRun: 1 },
    });
    const worker = stage.workerProcess(posthorn);
    const { pool } = posthorn.database;
    const endpoint = (await posthorn.newEndpoint(receiver.url)).id;
    await stageFailures(pool, { project: posthorn.project.id, endpoint }, FAILURES);
    const since = new Date(Date.now() - 2 * 3_600_000).toISOString();
    const { id } = await posthorn.call<Recovery>('POST', '/v1/recoveries', {
      ...{ what: 'failed', since, rate: 20 },
    });
    const workflowId = `recover/${posthorn.project.id}/${id}/1`;
    const describe = () => posthorn.temporal.workflow.getHandle(workflowId).describe();
    let firstRun = '';
    await eventually(async () => {
      firstRun = (await describe().catch(() => null))?.raw.workflowExecutionInfo?.firstRunId ?? '';
      return firstRun !== '';
    }, 30_000);

    await receiver.untilReceived(FAILURES / 2);
    worker.kill('SIGKILL');
    const { runId: runAtKill } = await describe();
    stage.workerProcess(posthorn);

    const find = () => posthorn.call<Recovery>('GET', `/v1/recoveries/${id}`);
    await eventually(async () => {
      const { status, open } = await find();
      return status === 'done' && open === 0;
    }, 90_000);
    expect(await find()).toMatchObject({ done: FAILURES, delivered: FAILURES });
    const { rows } = await pool.query(
      'SELECT count(*)::int AS copies, count(DISTINCT replay_of)::int AS replayed FROM deliveries WHERE recovery_id = $1',
      [id],
    );
    expect(rows).toEqual([{ copies: FAILURES, replayed: FAILURES }]);

    // Each step was a run of the same workflow, before the kill and after it; no second workflow was started.
    await eventually(async () => (await describe()).status.name === 'COMPLETED');
    const { runId: lastRun } = await describe();
    expect(new Set([firstRun, runAtKill, lastRun]).size).toBe(3);
    const first = posthorn.temporal.workflow.getHandle(workflowId, firstRun);
    expect((await first.describe()).status.name).toBe('CONTINUED_AS_NEW');
    expect((await pool.query('SELECT run FROM bulk_jobs')).rows).toEqual([{ run: 1 }]);
  });
  await receiver.close();
});
