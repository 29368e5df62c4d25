import { Connection } from '@temporalio/client';
import proto from '@temporalio/proto';
import { type Receiver, type ScriptStep, startReceiver } from '../../receivers/receiver.ts';
import { readHistoryFacts } from '../../replay/history.ts';
import { untilWaiting } from '../../replay/scenarios.ts';
import { eventually } from '../../set-up/eventually.ts';
import { createTestNamespace, temporalAddress, temporalUiUrl } from '../../set-up/temporal.ts';
import {
  type Delivery,
  type Event,
  startTestPosthorn,
  type TestPosthorn,
} from '../../set-up/test-posthorn.ts';

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const { INDEXED_VALUE_TYPE_KEYWORD } = proto.temporal.api.enums.v1.IndexedValueType;

let posthorn: TestPosthorn;
const receivers: Receiver[] = [];

beforeAll(async () => {
  posthorn = await startTestPosthorn();
});
afterEach(async () => {
  for (const receiver of receivers.splice(0)) await receiver.close();
});
afterAll(() => posthorn.close());

const receiverThat = async (...script: ScriptStep[]): Promise<Receiver> => {
  const receiver = await startReceiver(script);
  receivers.push(receiver);
  return receiver;
};

const to = ({ url }: Receiver, more: object = {}) => ({
  type: 'render.completed',
  data: {},
  target: { url, secret: SECRET },
  ...more,
});

async function firstOf(event: { id: string }, service = posthorn): Promise<Delivery> {
  await eventually(async () => (await service.eventOf(event.id)).deliveries[0]?.workflow?.id != null);
  return (await service.eventOf(event.id)).deliveries[0]!;
}

/** An event whose only delivery has failed once, with its workflow waiting for the second attempt. */
async function waitingEvent(more: object = {}, service = posthorn) {
  const event = await service.post(to(await receiverThat(503), more));
  const delivery = await firstOf(event, service);
  await untilWaiting(service, delivery.workflow!.id, delivery.id, 1);
  return { event, delivery, workflowId: delivery.workflow!.id };
}

/** What a search in the Web UI finds: the ids of workflows, waited for, since visibility lags behind. */
async function untilFound(query: string, workflowId: string): Promise<void> {
  await eventually(async () => {
    for await (const found of posthorn.temporal.workflow.list({ query })) {
      if (found.workflowId === workflowId) return true;
    }
    return false;
  });
}

/** Its id stands in Postgres before it is started. */
const isOver = (workflowId: string): Promise<boolean> =>
  posthorn.temporal.workflow
    .getHandle(workflowId)
    .describe()
    .then(
      ({ status }) => status.name !== 'RUNNING',
      () => false,
    );

async function summaryOf(workflowId: string): Promise<string | undefined> {
  await eventually(() => isOver(workflowId));
  return (await posthorn.temporal.workflow.getHandle(workflowId).describe()).staticSummary();
}

test('the summary of a workflow says the event type and how many endpoints it goes to', async () => {
  const receiver = await receiverThat(200);
  for (const path of ['a', 'b', 'c']) {
    await posthorn.newEndpoint(receiver.url + path, { events: ['invoice.*'] });
  }
  const three = await posthorn.post({ type: 'invoice.paid', data: {} });
  const one = await posthorn.post(to(receiver));

  expect(await summaryOf((await firstOf(three)).workflow!.id)).toBe('invoice.paid → 3 endpoints');
  expect(await summaryOf((await firstOf(one)).workflow!.id)).toBe('render.completed → 1 endpoint');
});

test('the current details are a table of the deliveries and their next time', async () => {
  const { delivery, workflowId } = await waitingEvent();
  const details = async () =>
    (
      await posthorn.temporal.workflow
        .getHandle(workflowId)
        .query<{ currentDetails: string }>('__temporal_workflow_metadata')
    ).currentDetails;
  const { nextAttemptAt } = (await posthorn.call<Delivery>('GET', `/v1/deliveries/${delivery.id}`))!;

  const [header, , row] = (await details()).split('\n');
  expect(header).toBe('| delivery | state | attempt | last | next |');
  const cells = row!.split('|').map((cell) => cell.trim());
  expect(cells.slice(1, 5)).toEqual([delivery.id, 'waiting', '2 of 5', '503']);
  expect(Math.abs(Date.parse(cells[5]!) - Date.parse(nextAttemptAt!))).toBeLessThan(1_000);

  await posthorn.call('POST', `/v1/deliveries/${delivery.id}/cancel`);
  await posthorn.temporal.workflow.getHandle(workflowId).result();
  expect(await details()).toContain(`| ${delivery.id} | cancelled | 2 of 5 | 503 |  |`);
});

test('activities and timers say in words what they are', async () => {
  const { delivery, workflowId } = await waitingEvent();
  await posthorn.call('POST', `/v1/deliveries/${delivery.id}/retry`);
  await untilWaiting(posthorn, workflowId, delivery.id, 2);

  const { activities, timers } = await readHistoryFacts(posthorn.temporal, workflowId);
  expect(activities.map(({ summary }) => summary)).toEqual(['attempt 1 of 5', 'attempt 2 of 5']);
  expect(timers.map(({ summary }) => summary)).toEqual(['retry in 1m after 503', 'retry in 5m after 503']);
});

test('a workflow is found by project, event type, event id and state', async () => {
  const { event, workflowId } = await waitingEvent();

  await untilFound(`PosthornProject = '${posthorn.project.id}'`, workflowId);
  await untilFound(`PosthornEventType = 'render.completed'`, workflowId);
  await untilFound(`PosthornEventId = '${event.id}'`, workflowId);
  await untilFound(`PosthornState = 'retrying' AND ExecutionStatus = 'Running'`, workflowId);
});

test('a workflow that never had to retry has no state attribute', async () => {
  const event = await posthorn.post(to(await receiverThat(200)));
  const { workflow } = await firstOf(event);
  const handle = posthorn.temporal.workflow.getHandle(workflow!.id);
  await eventually(() => isOver(workflow!.id));

  expect((await handle.describe()).searchAttributes).not.toHaveProperty('PosthornState');
});

test('the status filter finds workflows with an undeliverable delivery as failed, others as completed', async () => {
  const project = await posthorn.newProject({ policy: { delays: [] } });
  const statuses = [];
  for (const status of [500, 200]) {
    const { body } = await posthorn.client.call('POST', '/v1/events?wait=10s', {
      key: project.key,
      body: to(await receiverThat(status)),
    });
    statuses.push((body as Event).deliveries[0]!.workflow!.id);
  }

  const mine = `PosthornProject = '${project.id}'`;
  await untilFound(`${mine} AND ExecutionStatus = 'Failed'`, statuses[0]!);
  await untilFound(`${mine} AND ExecutionStatus = 'Completed'`, statuses[1]!);
});

test('a full group starts although the ids of its events are longer than an attribute may be', async () => {
  const receiver = await receiverThat(200);
  const events = Array.from({ length: 100 }, (_, n) => to(receiver, { id: `e${n}-`.padEnd(64, 'x') }));
  const { items } = await posthorn.call<{ items: Event[] }>('POST', '/v1/events/batch', { events });
  const { workflow } = await firstOf(items[0]!);

  expect(await summaryOf(workflow!.id)).toBe('100 events → 100 deliveries');
  const description = await posthorn.temporal.workflow.getHandle(workflow!.id).describe();
  const ids = description.searchAttributes.PosthornEventId as string[];
  expect(ids.length).toBeGreaterThan(20);
  expect(JSON.stringify(ids).length).toBeLessThanOrEqual(2_048);
  await untilFound(`PosthornEventId = '${ids.at(-1)}'`, workflow!.id);
});

test('the link of a delivery opens the history of its workflow', async () => {
  const event = await posthorn.post(to(await receiverThat(200)));
  await eventually(async () => (await firstOf(event)).workflow!.url !== null, 2_000);
  const { workflow } = await firstOf(event);
  const { runId } = await posthorn.temporal.workflow.getHandle(workflow!.id).describe();
  const { namespace } = posthorn.config.temporal;

  const page = `/namespaces/${namespace}/workflows/${encodeURIComponent(workflow!.id)}/${runId}/history`;
  expect(workflow!.url).toBe(temporalUiUrl() + page);
  expect((await fetch(workflow!.url!)).status).toBe(200);
  // The page is a shell that asks for this.
  const asked = await fetch(
    `${temporalUiUrl()}/api/v1/namespaces/${namespace}/workflows/${encodeURIComponent(workflow!.id)}?execution.runId=${runId}`,
  );
  expect(await asked.json()).toMatchObject({
    workflowExecutionInfo: { execution: { workflowId: workflow!.id, runId } },
  });
});

test('the link is null where Temporal does not keep the workflow any more', async () => {
  const event = await posthorn.post(to(await receiverThat(200)));
  const { workflow } = await firstOf(event);
  const afterALoss = await startTestPosthorn({
    database: posthorn.database,
    roles: { api: true, worker: false },
  });

  const { body } = await afterALoss.client.call('GET', `/v1/events/${event.id}`, {
    key: posthorn.project.key,
  });
  expect((body as Event).deliveries[0]!.workflow).toEqual({ id: workflow!.id, url: null });
  await afterALoss.close();
});

describe('where a search attribute exists with another type', () => {
  let crippled: TestPosthorn;

  beforeAll(async () => {
    const namespace = await createTestNamespace();
    const connection = await Connection.connect({ address: temporalAddress() });
    await connection.operatorService.addSearchAttributes({
      namespace,
      searchAttributes: { PosthornEventId: INDEXED_VALUE_TYPE_KEYWORD },
    });
    await connection.close();
    crippled = await startTestPosthorn({ namespace });
  });
  afterAll(() => crippled.close());

  test('it is ready, and names the attribute', async () => {
    const { status, body } = await crippled.client.call('GET', '/readyz');

    expect(status).toBe(200);
    expect(body).toMatchObject({
      ready: true,
      components: {
        temporal: { ok: true, detail: 'search attributes exist with another type: PosthornEventId' },
      },
    });
  });

  test('workflows run without attributes, retries included', async () => {
    const { event, delivery, workflowId } = await waitingEvent({}, crippled);
    receivers[0]!.dropConnections();
    await crippled.call('POST', `/v1/deliveries/${delivery.id}/retry`);
    await untilWaiting(crippled, workflowId, delivery.id, 2);

    const { input, upserted, summary } = await readHistoryFacts(crippled.temporal, workflowId);
    expect(input).toMatchObject({ useSearchAttributes: false });
    expect(upserted).toEqual({});
    expect(summary).toBe('render.completed → 1 endpoint');
    const described = await crippled.temporal.workflow.getHandle(workflowId).describe();
    expect(Object.keys(described.searchAttributes).filter((name) => name.startsWith('Posthorn'))).toEqual([]);
    expect(await crippled.eventOf(event.id)).toMatchObject({ deliveries: [{ attempts: 2 }] });
  });
});
