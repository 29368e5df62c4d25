import type { SettlementWaiters } from '../../../src/api/ports.ts';
import { createApiPerTest } from '../../set-up/api-per-test.ts';

const start = createApiPerTest();
const event = { type: 'a', data: 1 };
const url = 'http://127.0.0.1:9/';

async function startWaiting(waitUntilSettled: SettlementWaiters['waitUntilSettled']) {
  const api = await start({ settlementWaiters: { waitUntilSettled } });
  const { key } = await api.newProject();
  await api.call('POST', '/v1/endpoints', { key, body: { url } });
  return { api, key };
}

test('the response is 200 with the deliveries as soon as all have settled', async () => {
  const { api, key } = await startWaiting(async ({ projectId }, eventId, timeoutMs) => {
    expect(timeoutMs).toBe(10_000);
    const settle = [
      "UPDATE events SET status = 'delivered', open_count = 0 WHERE project_id = $1 AND id = $2",
      "UPDATE deliveries SET status = 'delivered', due_at = NULL WHERE project_id = $1 AND event_id = $2",
    ];
    for (const statement of settle) await api.database.pool.query(statement, [projectId, eventId]);
    return true;
  });
  const { status, body } = await api.call('POST', '/v1/events?wait=10s', { key, body: event });
  expect({ status, body }).toMatchObject({
    status: 200,
    body: { status: 'delivered', deliveries: [{ status: 'delivered' }] },
  });
});

test('the response is 202 with the current state when the wait ends first', async () => {
  const { api, key } = await startWaiting(async () => false);
  const { status, body } = await api.call('POST', '/v1/events?wait=1s', { key, body: event });
  expect({ status, body }).toMatchObject({ status: 202, body: { deliveries: [{ status: 'pending' }] } });
});

test('the wait ends when the client disconnects', async () => {
  const { promise: left, resolve } = Promise.withResolvers<void>();
  const waiting = Promise.withResolvers<void>();
  const { api, key } = await startWaiting(async (_project, _event, _ms, signal) => {
    signal.addEventListener('abort', () => resolve());
    waiting.resolve();
    await left;
    return false;
  });
  const caller = new AbortController();
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  const body = JSON.stringify(event);
  const response = fetch(`${api.url}/v1/events?wait=60s`, {
    method: 'POST',
    headers,
    body,
    signal: caller.signal,
  });
  await waiting.promise;
  caller.abort();
  await expect(response).rejects.toThrow();
  await left;
});

test('a process that stops responds to waiting requests at once, and then closes', async () => {
  const waiting = Promise.withResolvers<void>();
  const { api, key } = await startWaiting(async (_project, _event, _ms, signal) => {
    waiting.resolve();
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    return false;
  });
  const response = api.call('POST', '/v1/events?wait=60s', { key, body: event });
  await waiting.promise;
  await api.closeServer();
  expect((await response).status).toBe(202);
  await expect(fetch(`${api.url}/healthz`)).rejects.toThrow();
});

test('a stored event gets 202 even if Postgres fails before it settles', async () => {
  const reachable = { isSo: true };
  const waitUntilSettled = async () => {
    reachable.isSo = false;
    return true;
  };
  const api = await start({ settlementWaiters: { waitUntilSettled } });
  const { key } = await api.newProject();
  await api.call('POST', '/v1/endpoints', { key, body: { url } });
  const { pool } = api.database;
  const query = pool.query.bind(pool) as (...statement: unknown[]) => unknown;
  Object.assign(pool, {
    query: (...statement: unknown[]) =>
      reachable.isSo ? query(...statement) : Promise.reject(new Error('Connection terminated unexpectedly')),
  });
  const { status, body } = await api.call('POST', '/v1/events?wait=1s', { key, body: event });
  expect({ status, body }).toMatchObject({ status: 202, body: { status: 'pending', deliveryCount: 1 } });
});
