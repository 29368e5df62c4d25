import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { findFreePort } from '../../../src/embedded/free-port.ts';
import { type Receiver, startReceiver } from '../../receivers/receiver.ts';
import { eventually } from '../../set-up/eventually.ts';
import { SECRET } from '../../set-up/targets.ts';
import { startTestPosthorn, type TestPosthorn } from '../../set-up/test-posthorn.ts';

type ExportedSpan = {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  traceState?: string;
  name: string;
  attributes: { key: string; value: { stringValue?: string; intValue?: string } }[];
  status: { code?: number; message?: string };
};

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const CALLER = '00f067aa0ba902b7';
const CANARY = 'canary-7f3a';

let collector: Server;
let exported: string[];
let otlp: { url: string; headers: Record<string, string>; sampling: number };
let receiver: Receiver;
let posthorn: TestPosthorn;

beforeAll(async () => {
  collector = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk) => (body += chunk));
    request.on('end', () => {
      exported.push(body);
      response.end('{}');
    });
  });
  await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
  otlp = { url: `http://127.0.0.1:${(collector.address() as AddressInfo).port}`, headers: {}, sampling: 1 };
});
afterAll(() => new Promise((resolve) => collector.close(resolve)));

beforeEach(() => {
  exported = [];
});
afterEach(async () => {
  await posthorn.close();
  await receiver.close();
});

const spans = (): ExportedSpan[] =>
  exported.flatMap((body) => JSON.parse(body).resourceSpans[0].scopeSpans[0].spans as ExportedSpan[]);
const attributesOf = (span: ExportedSpan) =>
  Object.fromEntries(
    span.attributes.map(({ key, value }) => [key, value.stringValue ?? Number(value.intValue)]),
  );

async function post(body: object, traceparent?: string, path = '/v1/events?wait=30s', tracestate?: string) {
  const response = await fetch(`${posthorn.url}${path}`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${posthorn.project.key}`,
      'content-type': 'application/json',
      ...(traceparent !== undefined && { traceparent }),
      ...(tracestate !== undefined && { tracestate }),
    },
    body: JSON.stringify(body),
  });
  return { status: response.status, event: (await response.json()) as { id: string } };
}

async function start(
  settings: Parameters<typeof startTestPosthorn>[0],
  script: number[] = [200],
): Promise<void> {
  receiver = await startReceiver(script);
  posthorn = await startTestPosthorn(settings);
  await posthorn.call('PATCH', '/v1/project', { policy: { delays: ['1s'] } });
  await posthorn.newEndpoint(`${receiver.url}hooks/${CANARY}`, {
    events: ['traced'],
    headers: { 'x-secret': CANARY },
  });
}

type StoredTrace = { traceparent: string | null; tracestate: string | null };
const storedTraces = async (): Promise<StoredTrace[]> => {
  const { rows } = await posthorn.database.pool.query<StoredTrace>(
    'SELECT traceparent, tracestate FROM events ORDER BY sequence',
  );
  return rows;
};

test.each(['workflow', 'express'] as const)(
  'a trace leads from the caller over the post to each attempt and on to the receiver (first attempt: %s)',
  async (firstAttempt) => {
    await start({ settings: { otlp, sendsTraceparent: true, firstAttempt } }, [503, 200]);

    const { status, event } = await post(
      { type: 'traced', data: { secret: CANARY } },
      `00-${TRACE}-${CALLER}-01`,
    );
    expect(status).toBe(200);
    await eventually(() => spans().length === 3);

    const [accepted, first, second] = spans().toSorted((one, other) =>
      attributesOf(one)['posthorn.attempt'] === undefined
        ? -1
        : Number(attributesOf(one)['posthorn.attempt']) -
          Number(attributesOf(other)['posthorn.attempt'] ?? 0),
    ) as [ExportedSpan, ExportedSpan, ExportedSpan];
    expect(new Set(spans().map(({ traceId }) => traceId))).toEqual(new Set([TRACE]));
    expect(accepted).toMatchObject({ name: 'POST /v1/events', parentSpanId: CALLER, status: { code: 0 } });
    expect(first).toMatchObject({
      name: 'attempt',
      parentSpanId: accepted.spanId,
      status: { code: 2, message: '503' },
    });
    expect(attributesOf(first)).toMatchObject({
      'posthorn.event': event.id,
      'posthorn.attempt': 1,
      'posthorn.outcome': 'rejected',
      'http.response.status_code': 503,
      'error.type': '503',
    });
    expect(second).toMatchObject({ parentSpanId: accepted.spanId, status: { code: 0 } });
    expect(attributesOf(second)).toMatchObject({ 'posthorn.attempt': 2, 'posthorn.outcome': 'delivered' });
    expect(receiver.requests.map(({ headers }) => headers.traceparent)).toEqual([
      `00-${TRACE}-${first.spanId}-01`,
      `00-${TRACE}-${second.spanId}-01`,
    ]);
    // Neither payloads nor URLs nor headers.
    expect(exported.join()).not.toContain(CANARY);
    expect(exported.join()).not.toContain(`:${receiver.port}`);
  },
);

test('without the setting, receivers get no traceparent, and the attempts are spans all the same', async () => {
  await start({ settings: { otlp } });
  await post({ type: 'traced', data: {} }, 'not valid');
  await eventually(() => spans().length === 2);

  expect(receiver.requests[0]!.headers).not.toHaveProperty('traceparent');
  expect(new Set(spans().map(({ traceId }) => traceId)).size).toBe(1);
  expect(spans().find(({ name }) => name !== 'attempt')).not.toHaveProperty('parentSpanId');
});

test('the events of a batch share the trace of their call', async () => {
  await start({ settings: { otlp } });
  const events = [1, 2, 3].map((n) => ({ type: 'traced', data: { n } }));
  await post({ events }, `00-${TRACE}-${CALLER}-01`, '/v1/events/batch');
  await eventually(() => spans().length === 4);

  const accepted = spans().find(({ name }) => name === 'POST /v1/events/batch')!;
  expect(attributesOf(accepted)['posthorn.events']).toBe(3);
  const attempts = spans().filter(({ name }) => name === 'attempt');
  expect(attempts.map(({ parentSpanId }) => parentSpanId)).toEqual(attempts.map(() => accepted.spanId));
});

test('what the caller does wrong is a span without a stored event', async () => {
  await start({ settings: { otlp } });
  expect((await post({ type: 'traced' })).status).toBe(422);
  await post({
    type: 'traced',
    data: {},
    target: { url: 'ftp://x', secret: SECRET },
  });
  await eventually(() => spans().length >= 1);

  const [refused] = spans();
  expect(refused!.status).toEqual({ code: 0 });
  expect(attributesOf(refused!)['error.type']).toEqual(expect.any(String));
  expect(await storedTraces()).toEqual([]);
});

test('without export, the traceparent of the caller is sent on as it is', async () => {
  await start({ settings: { sendsTraceparent: true } });
  await post({ type: 'traced', data: {} }, `00-${TRACE}-${CALLER}-00`);
  await post({ type: 'traced', data: {} });

  expect(receiver.requests.map(({ headers }) => headers.traceparent)).toEqual([
    `00-${TRACE}-${CALLER}-00`,
    undefined,
  ]);
  expect(exported).toEqual([]);
});

test('an endpoint with a header of this name keeps it', async () => {
  await start({ settings: { otlp, sendsTraceparent: true } });
  const own = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-00`;
  const other = await startReceiver();
  await posthorn.newEndpoint(other.url, { events: ['traced'], headers: { Traceparent: own } });
  await post({ type: 'traced', data: {} }, `00-${TRACE}-${CALLER}-01`, undefined, 'vendor=1');
  await other.close();

  expect(other.requests[0]!.headers.traceparent).toBe(own);
  // It belongs to the trace of the caller, not to the one that the endpoint names.
  expect(other.requests[0]!.headers).not.toHaveProperty('tracestate');
  expect(receiver.requests[0]!.headers.tracestate).toBe('vendor=1');
  expect(receiver.requests[0]!.headers.traceparent).not.toBe(own);
});

test.each(['workflow', 'express'] as const)(
  'the tracestate of the caller reaches the receiver with each attempt, if it is valid (first attempt: %s)',
  async (firstAttempt) => {
    await start({ settings: { otlp, sendsTraceparent: true, firstAttempt } }, [503, 200, 200, 200]);
    const traceparent = `00-${TRACE}-${CALLER}-01`;
    await post({ type: 'traced', data: {} }, traceparent, undefined, 'vendor=1 , other@tenant=2');
    await post({ type: 'traced', data: {} }, traceparent, undefined, 'vendor');
    await post({ type: 'traced', data: {} }, 'not valid', undefined, 'vendor=1');
    await eventually(() => spans().length === 7);

    const state = 'vendor=1,other@tenant=2';
    expect(receiver.requests.map(({ headers }) => headers.tracestate)).toEqual([
      state,
      state,
      undefined,
      undefined,
    ]);
    expect(spans().map(({ traceState = null }) => traceState)).toEqual(
      expect.arrayContaining([state, state, state, null, null, null, null]),
    );
    expect((await storedTraces()).map(({ tracestate }) => tracestate)).toEqual([state, null, null]);
  },
);

test('the events of a batch share its tracestate, also without export', async () => {
  await start({ settings: { sendsTraceparent: true } });
  const events = [1, 2].map((n) => ({ type: 'traced', data: { n } }));
  await post({ events }, `00-${TRACE}-${CALLER}-00`, '/v1/events/batch', 'vendor=1');
  await eventually(() => receiver.requests.length === 2);

  expect(receiver.requests.map(({ headers }) => headers.tracestate)).toEqual(['vendor=1', 'vendor=1']);
});

test('by default the header of the caller is neither stored nor sent', async () => {
  await start({});
  await post({ type: 'traced', data: {} }, `00-${TRACE}-${CALLER}-01`, undefined, 'vendor=1');

  expect(receiver.requests[0]!.headers).not.toHaveProperty('traceparent');
  expect(receiver.requests[0]!.headers).not.toHaveProperty('tracestate');
  expect(await storedTraces()).toEqual([{ traceparent: null, tracestate: null }]);
});

test('events are accepted and delivered while the collector is away', async () => {
  await start({ settings: { otlp: { ...otlp, url: `http://127.0.0.1:${await findFreePort()}` } } });
  expect((await post({ type: 'traced', data: {} })).status).toBe(200);
  expect(receiver.requests).toHaveLength(1);
});
