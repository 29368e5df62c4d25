import { Worker } from '@temporalio/worker';
import { WORKFLOWS_PATH } from '../../../src/temporal/bundle/workflow-bundle.ts';
import { type Receiver, startReceiver } from '../../receivers/receiver.ts';
import { eventually } from '../../set-up/eventually.ts';
import { SECRET } from '../../set-up/targets.ts';
import { type Event, startTestPosthorn, type TestPosthorn } from '../../set-up/test-posthorn.ts';

const DELAYS = 20;
/** Three fewer than lead to a cool-down, so that two attempts may time out on a busy machine. */
const REFUSALS = 17;

let posthorn: TestPosthorn;
let receiver: Receiver;
afterEach(async () => {
  await posthorn.close();
  await receiver.close();
});

type Run = { events: number; bytes: number; history: Awaited<ReturnType<typeof historyOf>> };

const historyOf = async (workflowId: string, runId: string) =>
  posthorn.temporal.workflow.getHandle(workflowId, runId).fetchHistory();

/** The runs of a workflow, the first one first. */
async function runsOf(workflowId: string): Promise<Run[]> {
  const { workflow } = posthorn.temporal;
  const runs: Run[] = [];
  for (let runId = (await workflow.getHandle(workflowId).describe()).runId; runId; ) {
    const { raw } = await workflow.getHandle(workflowId, runId).describe();
    const { historyLength, historySizeBytes } = raw.workflowExecutionInfo!;
    const history = await historyOf(workflowId, runId);
    runs.unshift({ events: Number(historyLength), bytes: Number(historySizeBytes), history });
    runId = history.events![0]!.workflowExecutionStartedEventAttributes!.continuedExecutionRunId ?? '';
  }
  return runs;
}

/** Posts events to one receiver, each with a path of its own, in one workflow. */
async function postGroup(size: number): Promise<Event[]> {
  const { items } = await posthorn.call<{ items: Event[] }>('POST', '/v1/events/batch', {
    events: Array.from({ length: size }, (_, n) => ({
      type: 'a.b',
      data: {},
      target: { url: `${receiver.url}${n}`, secret: SECRET },
    })),
  });
  return items;
}

async function workflowIdOf({ id }: Event): Promise<string> {
  let workflowId: string | undefined;
  await eventually(async () => {
    workflowId = (await posthorn.eventOf(id)).deliveries[0]?.workflow?.id;
    return workflowId !== undefined;
  });
  return workflowId!;
}

/** The receiver of each event got as many requests as attempts are recorded, and more than it refused. */
async function expectEachAttemptMadeOnce(events: Event[]): Promise<void> {
  const requests = Map.groupBy(receiver.requests, ({ path }) => path);
  for (const [n, { id }] of events.entries()) {
    const { attempts } = (await posthorn.eventOf(id)).deliveries[0]!;
    expect(attempts).toBeGreaterThan(REFUSALS);
    expect(requests.get(`/${n}`)).toHaveLength(attempts);
  }
}

/** The runs as rows of a table for the log of the test. */
function print(runs: Run[]): void {
  process.stdout.write(
    `${runs.map(({ events, bytes }, n) => `run ${n + 1}: ${events} events, ${bytes} bytes`).join('\n')}\n`,
  );
}

test('the largest group with 20 short delays continues as new before 3,000 events, and each attempt is made once', async () => {
  posthorn = await startTestPosthorn({ settings: { firstAttempt: 'workflow' } });
  await posthorn.call('PATCH', '/v1/project', {
    policy: { delays: Array(DELAYS).fill('2s'), timeout: '2s', jitter: 1 },
  });
  const before = new Map<string, number>();
  receiver = await startReceiver([
    ({ path }, response) => {
      const made = (before.get(path) ?? 0) + 1;
      before.set(path, made);
      response.writeHead(made <= REFUSALS ? 500 : 200).end();
    },
  ]);

  const events = await postGroup(100);
  for (const event of events)
    expect((await posthorn.untilSettled(event.id, 600_000)).status).toBe('delivered');

  await expectEachAttemptMadeOnce(events);
  const workflowId = await workflowIdOf(events[0]!);
  expect(new Set(await Promise.all(events.map(workflowIdOf)))).toEqual(new Set([workflowId]));
  const runs = await runsOf(workflowId);
  print(runs);
  expect(runs.length).toBeGreaterThan(1);
  for (const { events, bytes } of runs) {
    expect(events).toBeLessThan(3_000);
    expect(bytes).toBeLessThan(1_000_000);
  }
  const handle = posthorn.temporal.workflow.getHandle(workflowId);
  expect(await handle.result()).toEqual({ delivered: 100, undeliverable: 0, cancelled: 0, released: 0 });
  // The last run is found like the first one.
  const last = await handle.describe();
  expect(last.searchAttributes).toMatchObject({
    PosthornProject: [posthorn.project.id],
    PosthornState: ['retrying'],
  });
  for (const { history } of runs)
    await Worker.runReplayHistory({ workflowsPath: WORKFLOWS_PATH }, history, workflowId);
}, 900_000);

test('retry-now in a loop makes no run longer than the bound by much, and loses nothing', async () => {
  posthorn = await startTestPosthorn({ settings: { firstAttempt: 'workflow', eventsPerRun: 300 } });
  await posthorn.call('PATCH', '/v1/project', {
    policy: { delays: Array(DELAYS).fill('1h'), timeout: '30s' },
  });
  receiver = await startReceiver([500]);
  const events = await postGroup(10);
  const workflowId = await workflowIdOf(events[0]!);
  const deliveries = await Promise.all(
    events.map(async ({ id }) => (await posthorn.eventOf(id)).deliveries[0]!.id),
  );
  let open = deliveries;

  await eventually(async () => {
    const found = await Promise.all(
      open.map((id) =>
        posthorn.call<{ id: string; status: string; attempts: number }>('GET', `/v1/deliveries/${id}`),
      ),
    );
    open = found.filter(({ attempts }) => attempts < DELAYS - 1).map(({ id }) => id);
    await Promise.all(open.map((id) => posthorn.call('POST', `/v1/deliveries/${id}/retry`)));
    return open.length === 0;
  }, 600_000);

  const runs = await runsOf(workflowId);
  print(runs);
  expect(runs.length).toBeGreaterThan(2);
  for (const { events } of runs) expect(events).toBeLessThan(600);
  for (const id of deliveries) {
    const attempts = await posthorn.attemptsOf(id);
    expect(attempts.map(({ number }) => number)).toEqual(attempts.map((_, n) => n + 1));
    expect(attempts.every(({ outcome }) => outcome === 'rejected')).toBe(true);
  }
  const made = await Promise.all(deliveries.map(async (id) => (await posthorn.attemptsOf(id)).length));
  expect(receiver.requests).toHaveLength(made.reduce((sum, count) => sum + count, 0));
  // The last run still waits for what is open.
  const { status } = await posthorn.temporal.workflow.getHandle(workflowId).describe();
  expect(status.name).toBe('RUNNING');
  for (const id of deliveries) await posthorn.call('POST', `/v1/deliveries/${id}/cancel`);
  await eventually(
    async () =>
      (await posthorn.temporal.workflow.getHandle(workflowId).describe()).status.name === 'COMPLETED',
  );
}, 900_000);
