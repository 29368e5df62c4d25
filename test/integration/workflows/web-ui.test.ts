import { Connection } from '@temporalio/client';
import proto from '@temporalio/proto';
import { MAX_DELIVERIES } from '../../../src/policy/workflow-size.ts';
import type { Receiver } from '../../receivers/receiver.ts';
import { receiversPerTest } from '../../receivers/receivers-per-test.ts';
import { expectDelays } from '../../replay/expect-timers.ts';
import { readHistoryFacts } from '../../replay/history.ts';
import { untilWaiting } from '../../replay/steps.ts';
import { eventually } from '../../set-up/eventually.ts';
import { createTestNamespace, temporalAddress, temporalUiUrl } from '../../set-up/servers/temporal.ts';
import { SECRET } from '../../set-up/targets.ts';
import {
  type Delivery,
  type Event,
  startTestPosthorn,
  type TestPosthorn,
} from '../../set-up/test-posthorn.ts';

const { INDEXED_VALUE_TYPE_KEYWORD } = proto.temporal.api.enums.v1.IndexedValueType;

let posthorn: TestPosthorn;
const receiverThat = receiversPerTest();

// The workflows of first attempts that succeed are part of what is shown.
const settings = { firstAttempt: 'workflow' } as const;

beforeAll(async () => {
  posthorn = await startTestPosthorn({ settings });
});
afterAll(() => posthorn.close());

const eventTo = ({ url }: Receiver, more: object = {}) => ({
  type: 'render.completed',
  data: {},
  target: { url, secret: SECRET },
  ...more,
});

async function firstDeliveryOf(event: { id: string }, service = posthorn): Promise<Delivery> {
  await eventually(async () => (await service.eventOf(event.id)).deliveries[0]?.workflow?.id != null);
  return (await service.eventOf(event.id)).deliveries[0]!;
}

/** Posts an event whose only delivery fails once, and waits until its workflow waits for the second attempt. */
async function postWaitingEvent(more: object = {}, service = posthorn) {
  const receiver = await receiverThat(503);
  const event = await service.post(eventTo(receiver, more));
  const delivery = await firstDeliveryOf(event, service);
  await untilWaiting(service, delivery.workflow!.id, delivery.id, 1);
  return { event, delivery, receiver, workflowId: delivery.workflow!.id };
}

/** Waits until a search in the Web UI finds the workflow. Visibility is eventually consistent. */
async function untilFound(query: string, workflowId: string): Promise<void> {
  await eventually(async () => {
    for await (const found of posthorn.temporal.workflow.list({ query })) {
      if (found.workflowId === workflowId) return true;
    }
    return false;
  });
}

/** A workflow that does not exist yet is not closed: its id is in Postgres before it starts. */
const isClosed = (workflowId: string): Promise<boolean> =>
  posthorn.temporal.workflow
    .getHandle(workflowId)
    .describe()
    .then(
      ({ status }) => status.name !== 'RUNNING',
      () => false,
    );

async function summaryOf(workflowId: string): Promise<string | undefined> {
  await eventually(() => isClosed(workflowId));
  return (await posthorn.temporal.workflow.getHandle(workflowId).describe()).staticSummary();
}

test('the summary of a workflow shows the event type and the number of endpoints', async () => {
  const receiver = await receiverThat(200);
  for (const path of ['a', 'b', 'c']) {
    await posthorn.newEndpoint(receiver.url + path, { events: ['invoice.*'] });
  }
  const three = await posthorn.post({ type: 'invoice.paid', data: {} });
  const one = await posthorn.post(eventTo(receiver));

  expect(await summaryOf((await firstDeliveryOf(three)).workflow!.id)).toBe('invoice.paid → 3 endpoints');
  expect(await summaryOf((await firstDeliveryOf(one)).workflow!.id)).toBe('render.completed → 1 endpoint');
});

test('the current details are a table of the deliveries with their next attempts', async () => {
  const { delivery, workflowId } = await postWaitingEvent();
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
  expect(Math.abs(Date.parse(cells[5]!) - Date.parse(nextAttemptAt!))).toBeLessThan(5_000);

  await posthorn.call('POST', `/v1/deliveries/${delivery.id}/cancel`);
  await posthorn.temporal.workflow.getHandle(workflowId).result();
  expect(await details()).toContain(`| ${delivery.id} | cancelled | 2 of 5 | 503 |  |`);
});

test('activities and timers have summaries', async () => {
  const { delivery, workflowId } = await postWaitingEvent();
  await posthorn.call('POST', `/v1/deliveries/${delivery.id}/retry`);
  await untilWaiting(posthorn, workflowId, delivery.id, 2);

  const { activities, timers } = await readHistoryFacts(posthorn.temporal, workflowId);
  expect(activities.map(({ summary }) => summary)).toEqual(['attempt 1 of 5', 'attempt 2 of 5']);
  expectDelays(timers, ['60s', '300s'], '503');
});

test('a workflow can be found by project, event type, event id and state', async () => {
  const { event, workflowId } = await postWaitingEvent();

  await untilFound(`PosthornProject = '${posthorn.project.id}'`, workflowId);
  await untilFound(`PosthornEventType = 'render.completed'`, workflowId);
  await untilFound(`PosthornEventId = '${event.id}'`, workflowId);
  await untilFound(`PosthornState = 'retrying' AND ExecutionStatus = 'Running'`, workflowId);
});

test('a workflow without a retry has no state attribute', async () => {
  const event = await posthorn.post(eventTo(await receiverThat(200)));
  const { workflow } = await firstDeliveryOf(event);
  const handle = posthorn.temporal.workflow.getHandle(workflow!.id);
  await eventually(() => isClosed(workflow!.id));

  expect((await handle.describe()).searchAttributes).not.toHaveProperty('PosthornState');
});

test('workflows with an undeliverable delivery have the status Failed, others Completed', async () => {
  const project = await posthorn.newProject({ policy: { delays: [] } });
  const statuses = [];
  for (const status of [500, 200]) {
    const { body } = await posthorn.client.call('POST', '/v1/events?wait=30s', {
      key: project.key,
      body: eventTo(await receiverThat(status)),
    });
    statuses.push((body as Event).deliveries[0]!.workflow!.id);
  }

  const mine = `PosthornProject = '${project.id}'`;
  await untilFound(`${mine} AND ExecutionStatus = 'Failed'`, statuses[0]!);
  await untilFound(`${mine} AND ExecutionStatus = 'Completed'`, statuses[1]!);
});

test('a full group whose event ids exceed the size of a search attribute starts without them', async () => {
  const receiver = await receiverThat(200);
  const events = Array.from({ length: MAX_DELIVERIES }, (_, n) =>
    eventTo(receiver, { id: `e${n}-`.padEnd(64, 'x') }),
  );
  const { items } = await posthorn.call<{ items: Event[] }>('POST', '/v1/events/batch', { events });
  const { workflow } = await firstDeliveryOf(items[0]!);

  expect(await summaryOf(workflow!.id)).toBe(`${MAX_DELIVERIES} events → ${MAX_DELIVERIES} deliveries`);
  const { searchAttributes } = await posthorn.temporal.workflow.getHandle(workflow!.id).describe();
  expect(searchAttributes).not.toHaveProperty('PosthornEventId');
  await untilFound(`PosthornProject = '${posthorn.project.id}'`, workflow!.id);
});

test('the link of a delivery opens the history of its workflow', async () => {
  const event = await posthorn.post(eventTo(await receiverThat(200)));
  await eventually(async () => (await firstDeliveryOf(event)).workflow!.url !== null);
  const { workflow } = await firstDeliveryOf(event);
  const { runId } = await posthorn.temporal.workflow.getHandle(workflow!.id).describe();
  const { namespace } = posthorn.config.temporal;

  const page = `/namespaces/${namespace}/workflows/${encodeURIComponent(workflow!.id)}/${runId}/history`;
  expect(workflow!.url).toBe(temporalUiUrl() + page);
  expect((await fetch(workflow!.url!)).status).toBe(200);
  // The page itself loads its data from here.
  const response = await fetch(
    `${temporalUiUrl()}/api/v1/namespaces/${namespace}/workflows/${encodeURIComponent(workflow!.id)}?execution.runId=${runId}`,
  );
  expect(await response.json()).toMatchObject({
    workflowExecutionInfo: { execution: { workflowId: workflow!.id, runId } },
  });
});

test('the link is null if Temporal no longer has the workflow', async () => {
  const event = await posthorn.post(eventTo(await receiverThat(200)));
  const { workflow } = await firstDeliveryOf(event);
  const withoutTemporal = await startTestPosthorn({
    database: posthorn.database,
    roles: { api: true, worker: false },
  });

  const { body } = await withoutTemporal.client.call('GET', `/v1/events/${event.id}`, {
    key: posthorn.project.key,
  });
  expect((body as Event).deliveries[0]!.workflow).toEqual({ id: workflow!.id, url: null });
  await withoutTemporal.close();
});

describe('if a search attribute exists with another type', () => {
  let limited: TestPosthorn;

  beforeAll(async () => {
    const namespace = await createTestNamespace();
    const connection = await Connection.connect({ address: temporalAddress() });
    await connection.operatorService.addSearchAttributes({
      namespace,
      searchAttributes: { PosthornEventId: INDEXED_VALUE_TYPE_KEYWORD },
    });
    await connection.close();
    limited = await startTestPosthorn({ namespace, settings });
  });
  afterAll(() => limited.close());

  test('Posthorn is ready, and its health names the attribute', async () => {
    const { status, body } = await limited.client.call('GET', '/readyz');

    expect(status).toBe(200);
    expect(body).toMatchObject({
      ready: true,
      components: {
        temporal: { ok: true, detail: 'search attributes exist with another type: PosthornEventId' },
      },
    });
  });

  test('workflows run without search attributes, including retries', async () => {
    const { event, delivery, receiver, workflowId } = await postWaitingEvent({}, limited);
    receiver.dropConnections();
    await limited.call('POST', `/v1/deliveries/${delivery.id}/retry`);
    await untilWaiting(limited, workflowId, delivery.id, 2);

    const { input, upserted, summary } = await readHistoryFacts(limited.temporal, workflowId);
    expect(input).toMatchObject({ useSearchAttributes: false });
    expect(upserted).toEqual({});
    expect(summary).toBe('render.completed → 1 endpoint');
    const described = await limited.temporal.workflow.getHandle(workflowId).describe();
    expect(Object.keys(described.searchAttributes).filter((name) => name.startsWith('Posthorn'))).toEqual([]);
    expect(await limited.eventOf(event.id)).toMatchObject({ deliveries: [{ attempts: 2 }] });
  });
});
