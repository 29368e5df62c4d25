import pLimit from 'p-limit';
import type { Attempt, Delivery } from '../../store/deliveries/delivery-reads.ts';
import type { InitialDelivery } from '../../store/events/event-draft.ts';
import type { WorkflowLinks } from '../ports.ts';
import type { AttemptResponse, DeliveryResponse } from './delivery-schemas.ts';

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

/** A delivery that has just been created and not attempted yet. */
export const initialDeliveryResponse = (
  delivery: InitialDelivery,
  event: string,
  createdAt: Date,
): DeliveryResponse => ({
  id: delivery.id,
  event,
  endpoint: delivery.endpointId,
  status: delivery.status,
  attempts: 0,
  nextAttemptAt: delivery.status === 'held' ? null : createdAt,
  lastOutcome: null,
  reason: null,
  waitingFor: delivery.waitingFor,
  replayOf: null,
  workflow: { id: delivery.workflowId, url: null },
});

export function attemptResponse(attempt: Attempt): AttemptResponse {
  const { number, step, startedAt, durationMs, outcome, statusCode, trigger, resent } = attempt;
  const { requestUrl, requestHeaders, responseHeaders, responseBody, responseTruncated } = attempt;
  const { errorCode, errorMessage } = attempt;
  const response = {
    headers: headersOf(responseHeaders),
    body: responseBody?.toString('utf8') ?? '',
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
const headersOf = (stored: Buffer | null): Record<string, unknown> =>
  stored === null ? {} : JSON.parse(stored.toString('utf8'));

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
