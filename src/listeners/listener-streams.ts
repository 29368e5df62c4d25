import { randomUUID } from 'node:crypto';
import type { ListenerStreams } from '../api/ports.ts';
import { chunkStream } from '../outcomes/chunk-stream.ts';
import type { SecretBox } from '../secrets/secret-box.ts';
import {
  connectListener,
  disconnectListener,
  RENEW_EVERY_MS,
  renewConnections,
} from '../store/listeners/connections.ts';
import {
  listenersWithRequests,
  type SentRequest,
  storeResponse,
  takeRequest,
} from '../store/listeners/listener-requests.ts';
import type { Notifications } from '../store/outcomes/notifications.ts';
import type { Queryable } from '../store/postgres/database.ts';
import { mapOutage } from '../store/postgres/map-outages.ts';
import type { Scope } from '../store/scope.ts';
import { requestHeadersContext } from './listener-wire.ts';
import { oneAtATime } from './one-at-a-time.ts';
import { OpenStream } from './open-stream.ts';

/** Upper bound of the delay if a notification is lost. */
const POLL_MS = 1_000;
/** Keeps proxies from closing an idle stream. */
const KEEP_ALIVE_MS = 15_000;

export type ListenerStreamDependencies = {
  /** For what all streams of the process share. */
  db: Queryable;
  /** For what a stream does for its tenant. */
  queryableFor: (scope: Scope) => Queryable;
  notifications: Notifications;
  box: SecretBox;
  onFailure: (error: unknown) => void;
};

/** The streams through which clients of listeners get their requests, as server-sent events. */
export function createListenerStreams({
  db,
  queryableFor,
  notifications,
  box,
  onFailure,
}: ListenerStreamDependencies): ListenerStreams & { close(): void } {
  const streams = new Set<OpenStream>();
  const wake = (listenerIds: string[]): void => {
    if (streams.size === 0) return;
    const ids = new Set(listenerIds);
    for (const stream of streams) if (ids.has(stream.listenerId)) stream.wake();
  };
  const stopListening = notifications.listen('posthorn_listener_requests', wake);
  const timers = [repeat(poll, POLL_MS), repeat(renew, RENEW_EVERY_MS)];

  /** Runs `work` while a stream is open. */
  function repeat(work: () => Promise<void>, everyMs: number): NodeJS.Timeout {
    const run = oneAtATime(work, onFailure);
    return setInterval(() => {
      if (streams.size > 0) void run();
    }, everyMs);
  }

  async function poll(): Promise<void> {
    wake(await listenersWithRequests(db, [...new Set([...streams].map(({ listenerId }) => listenerId))]));
  }

  async function renew(): Promise<void> {
    await endReplaced([...streams]);
  }

  /** Renews those that are still the streams of their listeners, and ends the others. */
  async function endReplaced(renewed: OpenStream[]): Promise<void> {
    const current = await renewConnections(db, renewed);
    for (const stream of renewed) if (!current.has(stream.connection)) stream.end('replaced');
  }

  async function* chunks(scope: Scope, stream: OpenStream): AsyncGenerator<Buffer> {
    yield Buffer.from('retry: 1000\n: connected\n\n');
    let lastWrite = performance.now();
    while (stream.state === 'open') {
      const request = await takeRequest(queryableFor(scope), stream.listenerId, stream.connection);
      if (request) yield Buffer.from(formatRequest(box, request));
      else {
        await stream.untilWoken(Math.max(0, lastWrite + KEEP_ALIVE_MS - performance.now()));
        if (performance.now() - lastWrite < KEEP_ALIVE_MS) continue;
        yield Buffer.from(': keep-alive\n\n');
      }
      lastWrite = performance.now();
    }
    if (stream.state === 'replaced') yield Buffer.from('event: replaced\ndata: {}\n\n');
  }

  return {
    async open(scope, listenerId, lastSent) {
      const stream = new OpenStream(listenerId, randomUUID());
      const connected = connectListener(queryableFor(scope), scope, stream, lastSent);
      if (!(await mapOutage(connected))) return null;
      streams.add(stream);
      // An older stream of this process learns of it at once, one of another process within seconds. Postgres says which one
      // is older: this call may return after that of a later stream.
      const ofListener = [...streams].filter((open) => open.listenerId === listenerId);
      if (ofListener.length > 1) endReplaced(ofListener).catch(onFailure);
      return chunkStream(chunks(scope, stream), () => {
        streams.delete(stream);
        stream.end('closed');
        disconnectListener(db, stream).catch(onFailure);
      });
    },
    async respond(scope, listenerId, request, response) {
      const stored = await storeResponse(queryableFor(scope), scope, listenerId, request, response);
      if (stored.kind !== 'stored') return stored.kind;
      notifications.notify('posthorn_listener_responses', [stored.id]);
      return 'stored';
    },
    close() {
      timers.forEach(clearInterval);
      stopListening();
      for (const stream of streams) stream.end('closed');
    },
  };
}

/** A request as a server-sent event (WHATWG HTML, section 9.2). */
function formatRequest(box: SecretBox, request: SentRequest): string {
  const { projectId, deliveryId, attempt, eventId, type, url, headers, body, timeoutMs, sentAs } = request;
  const opened = box.open(headers, requestHeadersContext(projectId, deliveryId));
  const data = {
    delivery: deliveryId,
    attempt,
    event: eventId,
    type,
    url,
    headers: JSON.parse(opened) as Record<string, string>,
    body: body.toString('utf8'),
    timeoutMs,
  };
  return `id: ${sentAs}\nevent: request\ndata: ${JSON.stringify(data)}\n\n`;
}
