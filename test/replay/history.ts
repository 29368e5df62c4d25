import type { Client } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';

type Payload = { data?: string };
type JsonEvent = {
  eventType: string;
  userMetadata?: { summary?: Payload };
} & Record<string, Record<string, unknown>>;

export type ScheduledActivity = {
  name: string;
  taskQueue: string;
  input: unknown[];
  startToClose: string;
  heartbeat: string;
  retryPolicy: unknown;
  summary: string;
};

/** The parts of a history that replay does not check. */
export type HistoryFacts = {
  input: unknown;
  summary: string | undefined;
  /** Durations in Temporal's format: `60s`, `0.250s`. */
  timers: { after: string; summary: string }[];
  activities: ScheduledActivity[];
  /** The number of the last attempt of each activity that was started. */
  activityAttempts: number[];
  signals: { name: string; ids: unknown }[];
  upserted: Record<string, unknown>;
  end: { status: string; result?: unknown; failure?: { message: string; type: string; details: unknown } };
};

/** Returns the history of a workflow as JSON for replay. */
export const historyJsonOf = async (client: Client, workflowId: string, runId?: string): Promise<string> =>
  historyToJSON(await client.workflow.getHandle(workflowId, runId).fetchHistory());

export const readHistoryFacts = async (client: Client, workflowId: string): Promise<HistoryFacts> =>
  parseHistoryFacts(await historyJsonOf(client, workflowId));

export function parseHistoryFacts(json: string): HistoryFacts {
  const { events } = JSON.parse(json) as { events: JsonEvent[] };
  const of = (type: string) => events.filter(({ eventType }) => eventType === `EVENT_TYPE_${type}`);
  const summaryOf = (event: JsonEvent) => decode(event.userMetadata?.summary) as string;
  const started = events[0]!;
  return {
    input: all(started.workflowExecutionStartedEventAttributes!.input)[0],
    summary: summaryOf(started),
    timers: of('TIMER_STARTED').map((event) => ({
      after: event.timerStartedEventAttributes!.startToFireTimeout as string,
      summary: summaryOf(event),
    })),
    activities: of('ACTIVITY_TASK_SCHEDULED').map((event) => {
      const scheduled = event.activityTaskScheduledEventAttributes as Record<string, Record<string, unknown>>;
      return {
        name: scheduled.activityType!.name as string,
        taskQueue: scheduled.taskQueue!.name as string,
        input: all(scheduled.input),
        startToClose: scheduled.startToCloseTimeout as unknown as string,
        heartbeat: scheduled.heartbeatTimeout as unknown as string,
        retryPolicy: scheduled.retryPolicy,
        summary: summaryOf(event),
      };
    }),
    activityAttempts: of('ACTIVITY_TASK_STARTED').map(
      (event) => event.activityTaskStartedEventAttributes!.attempt as number,
    ),
    signals: of('WORKFLOW_EXECUTION_SIGNALED').map(
      ({ workflowExecutionSignaledEventAttributes: signal }) => ({
        name: signal!.signalName as string,
        ids: all(signal!.input)[0],
      }),
    ),
    upserted: Object.assign({}, ...of('UPSERT_WORKFLOW_SEARCH_ATTRIBUTES').map(upsertedBy)),
    end: endOf(events.at(-1)!),
  };
}

function upsertedBy(event: JsonEvent): Record<string, unknown> {
  const attributes = event.upsertWorkflowSearchAttributesEventAttributes!.searchAttributes as {
    indexedFields: Record<string, Payload>;
  };
  return Object.fromEntries(
    Object.entries(attributes.indexedFields).map(([name, value]) => [name, decode(value)]),
  );
}

function endOf(event: JsonEvent): HistoryFacts['end'] {
  const status = event.eventType.replace('EVENT_TYPE_WORKFLOW_EXECUTION_', '').toLowerCase();
  const completed = event.workflowExecutionCompletedEventAttributes;
  if (completed) return { status, result: all(completed.result)[0] };
  const failed = event.workflowExecutionFailedEventAttributes as { failure: Failure } | undefined;
  if (!failed) return { status };
  const { message, applicationFailureInfo } = failed.failure;
  const { type, details } = applicationFailureInfo;
  return { status, failure: { message, type, details: all(details)[0] } };
}

type Failure = { message: string; applicationFailureInfo: { type: string; details: unknown } };

const all = (payloads: unknown): unknown[] =>
  ((payloads as { payloads?: Payload[] } | undefined)?.payloads ?? []).map(decode);

const decode = (payload: Payload | undefined): unknown =>
  payload?.data === undefined ? undefined : JSON.parse(Buffer.from(payload.data, 'base64').toString('utf8'));
