import { listenerOffline, timedOut } from '../egress/failure.ts';
import type { AttemptRequest, OutboundResult } from '../egress/outbound.ts';
import type { EncryptionContext, SecretBox } from '../secrets/secret-box.ts';
import {
  endRequest,
  MAX_UNDER_WAY,
  type ReportedResponse,
  storeRequest,
} from '../store/listeners/listener-requests.ts';
import type { Notifications } from '../store/outcomes/notifications.ts';
import type { Queryable } from '../store/postgres/database.ts';
import { createAwaitedResponses } from './awaited-responses.ts';
import { reportedResult } from './reported-result.ts';

export type ListenerWireDependencies = {
  db: Queryable;
  notifications: Notifications;
  box: SecretBox;
  /** Added if neither the profile nor the endpoint sets a User-Agent, as for a URL. */
  userAgent: string;
  /** Milliseconds since the epoch by Postgres's clock. */
  now: () => number;
  onFailure: (error: unknown) => void;
};

export type ListenerWire = {
  post(request: AttemptRequest): Promise<OutboundResult>;
  /** Resolves when the requests under way have ended. */
  close(): Promise<void>;
};

/** The encryption context of a stored request's headers. */
export const requestHeadersContext = (project: string, deliveryId: string): EncryptionContext => ({
  project,
  recordId: deliveryId,
  column: 'request_headers',
});

const NOT_STARTED: OutboundResult = { kind: 'not_started' };

/**
 * Sends attempts to listeners. The request is stored for the stream of the listener, which may be open in another process,
 * and the response of its client is awaited until the end of the attempt.
 */
export function createListenerWire(deps: ListenerWireDependencies): ListenerWire {
  const { db, notifications, box, userAgent, now, onFailure } = deps;
  const responses = createAwaitedResponses(db, notifications, onFailure);
  const underWay = new Map<string, number>();
  const inFlight = new Set<Promise<OutboundResult>>();
  let closed = false;

  async function attempt(request: AttemptRequest): Promise<OutboundResult> {
    const { poolKey: listenerId, projectId, url, body, timeoutMs, delivery } = request;
    if (performance.now() > request.startBy) return NOT_STARTED;
    const startedAt = new Date(now());
    const startedMs = performance.now();
    const headers = withDefaults(request.headers, { accept: '*/*', 'user-agent': userAgent });
    const stored = await storeRequest(db, {
      projectId,
      listenerId,
      eventId: delivery.event,
      type: delivery.type,
      deliveryId: delivery.id,
      attempt: delivery.attempt,
      url,
      headers: box.seal(JSON.stringify(headers), requestHeadersContext(projectId, delivery.id)),
      body,
      timeoutMs,
    });
    const timing = () => ({ resent: false, startedAt, durationMs: performance.now() - startedMs });
    const failed = (failure: typeof listenerOffline): OutboundResult => ({
      kind: 'failed',
      ...failure,
      statusCode: null,
      ...timing(),
    });
    if (stored.kind !== 'stored') return stored.kind === 'full' ? NOT_STARTED : failed(listenerOffline);

    request.onStart?.();
    notifications.notify('posthorn_listener_requests', [listenerId]);
    const leftMs = timeoutMs - (performance.now() - startedMs);
    const awaited = await responses.responseTo(stored.id, Math.max(1, leftMs));
    const ended: { response: ReportedResponse | null; sent: boolean } = awaited
      ? { response: awaited, sent: true }
      : await endRequest(db, stored.id);
    if (ended.response) return reportedResult(url, ended.response, timing());
    return failed(ended.sent ? timedOut('response') : listenerOffline);
  }

  /** As many at once as there are connections to a URL; the others wait for a slot of the receiver. */
  async function withinLimit(request: AttemptRequest): Promise<OutboundResult> {
    const listenerId = request.poolKey;
    const others = underWay.get(listenerId) ?? 0;
    if (closed || others >= MAX_UNDER_WAY) return NOT_STARTED;
    underWay.set(listenerId, others + 1);
    try {
      return await attempt(request);
    } finally {
      const left = underWay.get(listenerId)! - 1;
      if (left === 0) underWay.delete(listenerId);
      else underWay.set(listenerId, left);
    }
  }

  return {
    post(request) {
      const result = withinLimit(request);
      inFlight.add(result);
      return result.finally(() => inFlight.delete(result));
    },
    async close() {
      closed = true;
      await Promise.allSettled(inFlight);
      responses.close();
    },
  };
}

/** Adds the defaults that are missing; their names are in lower case. */
function withDefaults(
  headers: Record<string, string>,
  defaults: Record<string, string>,
): Record<string, string> {
  const names = new Set(Object.keys(headers).map((name) => name.toLowerCase()));
  const missing = Object.entries(defaults).filter(([name]) => !names.has(name));
  return { ...headers, ...Object.fromEntries(missing) };
}
