import type { Readable } from 'node:stream';
import { createAwaitedResponses } from '../../../src/listeners/awaited-responses.ts';
import { createListenerStreams } from '../../../src/listeners/listener-streams.ts';
import { requestHeadersContext } from '../../../src/listeners/listener-wire.ts';
import { DEFAULT_QUOTAS } from '../../../src/policy/quotas.ts';
import { connectListener } from '../../../src/store/listeners/connections.ts';
import { storeRequest, storeResponse } from '../../../src/store/listeners/listener-requests.ts';
import { registerListener } from '../../../src/store/listeners/listeners.ts';
import type { Notifications } from '../../../src/store/outcomes/notifications.ts';
import type { Queryable } from '../../../src/store/postgres/database.ts';
import { newId } from '../../../src/store/postgres/ids.ts';
import { eventually } from '../../set-up/eventually.ts';
import { type SeededStore, secretBox, seedStore } from '../../store/seed.ts';

let store: SeededStore;
beforeEach(async () => {
  store = await seedStore();
});
afterEach(() => store.drop());

/** Wake-ups of this test alone: `wake` calls the one listener at once. */
function fakeNotifications() {
  let listener: (tokens: string[]) => void = () => {};
  const notifications: Notifications = {
    notify: () => {},
    wake: (_channel, tokens) => listener(tokens),
    listen: (_channel, listen) => {
      listener = listen;
      return () => {};
    },
    close: async () => {},
  };
  return notifications;
}

const fail = (error: unknown): void => {
  throw error;
};

async function newListener() {
  const id = newId('ep', Date.now());
  const endpoint = { id, projectId: store.project, consumer: null, url: `listener:${id}`, events: ['*'] };
  const sealed = { description: null, headers: null, secrets: Buffer.from('sealed') };
  await registerListener(store.pool, { ...endpoint, ...sealed }, { keyHash: null, quotas: DEFAULT_QUOTAS });
  return { id, scope: { projectId: store.project, consumer: null } };
}

async function newRequest(listenerId: string): Promise<string> {
  const headers = secretBox.seal('{}', requestHeadersContext(store.project, 'dlv_1'));
  const delivery = { eventId: 'evt_1', type: 'a.b', deliveryId: 'dlv_1', attempt: 1, url: 'listener:test' };
  const content = { headers, body: Buffer.from('{}'), timeoutMs: 60_000 };
  const request = { projectId: store.project, listenerId, ...delivery, ...content };
  const stored = await storeRequest(store.pool, request);
  if (stored.kind !== 'stored') throw new Error(stored.kind);
  return stored.id;
}

test('a response that is being read when its attempt times out is the response of the attempt', async () => {
  const { id, scope } = await newListener();
  await connectListener(store.pool, scope, { listenerId: id, connection: 'one' }, '0');
  const requestId = await newRequest(id);
  const response = { status: 204, headers: {}, body: '', truncated: false, durationMs: null };
  await storeResponse(store.pool, scope, id, { deliveryId: 'dlv_1', attempt: 1 }, response);
  const notifications = fakeNotifications();
  const responses = createAwaitedResponses(store.pool, notifications, fail);
  const locking = await store.pool.connect();
  await locking.query('BEGIN');
  await locking.query('SELECT FROM listener_requests WHERE id = $1 FOR UPDATE', [requestId]);

  const awaited = responses.responseTo(requestId, 50);
  notifications.wake('posthorn_listener_responses', [requestId]);
  // The timer of the attempt fires in the meantime.
  const early = await Promise.race([awaited, new Promise((resolve) => setTimeout(resolve, 200, 'none'))]);
  await locking.query('COMMIT');
  locking.release();

  expect(early).toBe('none');
  expect(await awaited).toEqual(response);
  responses.close();
});

const textOf = (stream: Readable): { text: string } => {
  const read = { text: '' };
  stream.on('data', (chunk: Buffer) => {
    read.text += chunk.toString('utf8');
  });
  return read;
};

test('of two streams that open at once, the one that Postgres has as the last stays open', async () => {
  const { id, scope } = await newListener();
  const held = Promise.withResolvers<void>();
  const slow = {
    query: async (text: string, values: unknown[]) => {
      const result = await store.pool.query(text, values);
      await held.promise;
      return result;
    },
  } as unknown as Queryable;
  const databases = [slow, store.pool];
  const streams = createListenerStreams({
    db: store.pool,
    queryableFor: () => databases.shift() ?? store.pool,
    notifications: fakeNotifications(),
    box: secretBox,
    onFailure: fail,
  });
  const opening = streams.open(scope, id, '0');
  const isConnected = async () =>
    (await store.queryOne<{ connection: string | null }>('SELECT connection FROM listeners')).connection !==
    null;
  await eventually(isConnected);
  const later = (await streams.open(scope, id, '0'))!;
  const ofLater = textOf(later);
  held.resolve();
  const earlier = (await opening)!;
  const ofEarlier = textOf(earlier);

  await eventually(() => ofEarlier.text.includes('event: replaced'));
  await newRequest(id);
  await eventually(() => ofLater.text.includes('event: request'));

  expect(ofLater.text).not.toContain('replaced');
  streams.close();
  await eventually(() => later.destroyed && earlier.destroyed);
});
