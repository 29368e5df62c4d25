import pLimit from 'p-limit';
import { plannedAttempts } from '../../policy/planned-attempts.ts';
import { deserializePolicy } from '../../policy/retry-policy.ts';
import type { Attempt, Delivery, DeliveryDetails } from '../../store/deliveries/delivery-reads.ts';
import type { EventDraft, InitialDelivery } from '../../store/events/event-draft.ts';
import type { WorkflowLinks } from '../ports.ts';
import type { AttemptResponse, DeliveryDetailsResponse, DeliveryResponse } from './delivery-schemas.ts';

/** Longest wait for links to Temporal. If Temporal is down, the data from Postgres must still be returned promptly. */
const LINKS_TIMEOUT_MS = 1_000;
const MAX_CONCURRENT_LINKS = 20;

/** Deliveries as responses, with links to their workflows where Temporal responds in time. */
export async function deliveryResponses(
  links: WorkflowLinks,
  deliveries: Delivery[],
): Promise<DeliveryResponse[]> {
  const urls = await workflowUrls(links, deliveries);
  return deliveries.map(({ workflowId, ...delivery }) => ({
    ...delivery,
    workflow: { id: workflowId, url: (workflowId !== null && urls.get(workflowId)) || null },
  }));
}

/** One delivery as a response, with the rules under which it is sent. */
export async function deliveryDetailsResponse(
  links: WorkflowLinks,
  { policy: policyText, step, expiresAt, profile, ...delivery }: DeliveryDetails,
): Promise<DeliveryDetailsResponse> {
  const [response] = await deliveryResponses(links, [delivery]);
  const policy = deserializePolicy(policyText);
  const { delays, timeout, jitter, finalStatuses = [] } = policy;
  const dueAt = delivery.nextAttemptAt;
  const planned = dueAt === null ? [] : plannedAttempts(policy, step, dueAt.getTime());
  const inTime = planned.filter(({ at }) => expiresAt === null || at < expiresAt.getTime());
  return {
    ...response!,
    policy: { delays, timeout, jitter, finalStatuses },
    expiresAt,
    plannedAttempts: inTime.map(({ at, ...attempt }) => ({ ...attempt, at: new Date(at) })),
    profile,
  };
}

/** A delivery that has just been created and not attempted yet. */
export const initialDeliveryResponse = (
  delivery: InitialDelivery,
  { id: event, type: eventType, createdAt, consumer, test, sequence }: EventDraft & { sequence: number },
): DeliveryResponse => ({
  id: delivery.id,
  event,
  sequence,
  endpoint: delivery.endpointId,
  status: delivery.status,
  attempts: 0,
  nextAttemptAt: delivery.status === 'held' ? null : createdAt,
  lastOutcome: null,
  reason: null,
  waitingFor: delivery.waitingFor,
  waitingUntil: null,
  replayOf: null,
  replayedBy: null,
  recovery: null,
  createdAt,
  settledAt: null,
  consumer,
  eventType,
  test,
  lastStatusCode: null,
  lastErrorCode: null,
  cancelRequested: false,
  dismissedAt: null,
  workflow: { id: delivery.workflowId, url: null },
});

/** A session of the portal may see only the size of the response. */
export function attemptResponse(attempt: Attempt, showsPayload: boolean): AttemptResponse {
  const { number, step, startedAt, durationMs, outcome, statusCode, trigger, resent } = attempt;
  const { requestUrl, requestHeaders, responseHeaders, responseBody, responseTruncated } = attempt;
  const { errorCode, errorMessage } = attempt;
  const body = responseBody?.toString('utf8') ?? (responseHeaders === null ? null : '');
  const response = {
    headers: headersOf(responseHeaders),
    ...(showsPayload ? { body } : { body: null, bytes: responseBody?.length ?? 0 }),
    truncated: responseTruncated,
  };
  return {
    number,
    step,
    startedAt,
    durationMs,
    outcome,
    statusCode,
    request: requestUrl === null ? null : { url: requestUrl, headers: headersOf(requestHeaders) },
    response: statusCode === null ? null : response,
    error: errorCode === null ? null : { code: errorCode, message: errorMessage ?? '' },
    trigger,
    resent,
  };
}

/** Headers are stored as JSON in bytea, because receivers may send NUL, which Postgres text cannot store. */
const headersOf = (stored: Buffer | null): Record<string, unknown> | null =>
  stored === null ? null : JSON.parse(stored.toString('utf8'));

async function workflowUrls(
  links: WorkflowLinks,
  deliveries: Delivery[],
): Promise<Map<string, string | null>> {
  const workflowIds = [...new Set(deliveries.flatMap(({ workflowId }) => workflowId ?? []))];
  const urls = new Map<string, string | null>();
  if (workflowIds.length === 0) return urls;
  let timer: NodeJS.Timeout | undefined;
  const timeUp = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, LINKS_TIMEOUT_MS);
  });
  const limit = pLimit(MAX_CONCURRENT_LINKS);
  const addUrl = async (id: string): Promise<void> => {
    urls.set(id, await links.urlOf(id).catch(() => null));
  };
  await Promise.race([Promise.all(workflowIds.map((id) => limit(() => addUrl(id)))), timeUp]);
  limit.clearQueue();
  clearTimeout(timer);
  return urls;
}
