import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createOtlpExporter } from '../../../src/observability/tracing/otlp-exporter.ts';
import { createTracer, type EndedSpan } from '../../../src/observability/tracing/tracer.ts';
import { formatTraceparent, parseTraceparent } from '../../../src/policy/trace-context.ts';
import { eventually } from '../../set-up/eventually.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';

test.each([
  [`00-${TRACE}-${SPAN}-01`, { traceId: TRACE, spanId: SPAN, sampled: true }],
  [`00-${TRACE}-${SPAN}-00`, { traceId: TRACE, spanId: SPAN, sampled: false }],
  [` 00-${TRACE}-${SPAN}-03 `, { traceId: TRACE, spanId: SPAN, sampled: true }],
  [`01-${TRACE}-${SPAN}-01-more`, { traceId: TRACE, spanId: SPAN, sampled: true }],
  [`00-${TRACE}-${SPAN}-01-more`, undefined],
  [`ff-${TRACE}-${SPAN}-01`, undefined],
  [`00-${TRACE.toUpperCase()}-${SPAN}-01`, undefined],
  [`00-${'0'.repeat(32)}-${SPAN}-01`, undefined],
  [`00-${TRACE}-${'0'.repeat(16)}-01`, undefined],
  [`00-${TRACE}-${SPAN}`, undefined],
  ['', undefined],
  [undefined, undefined],
])('the traceparent %j is %j', (text, context) => {
  expect(parseTraceparent(text)).toEqual(context);
  if (context) expect(parseTraceparent(formatTraceparent(context))).toEqual(context);
});

test('a span continues the trace of its parent, and begins one without a parent', () => {
  const ended: EndedSpan[] = [];
  const tracer = createTracer(1, (span) => ended.push(span));
  const first = tracer.start('first', 'server', undefined, { a: 1 });
  const second = tracer.start('second', 'client', first.context, {});
  second.end({ b: 'x' }, 'ECONNREFUSED');
  second.end({ b: 'y' });
  first.end();

  expect(ended).toMatchObject([
    { name: 'second', parentSpanId: first.context.spanId, attributes: { b: 'x' }, error: 'ECONNREFUSED' },
    { name: 'first', parentSpanId: undefined, attributes: { a: 1 }, error: undefined },
  ]);
  expect(second.context.traceId).toBe(first.context.traceId);
  expect(first.context).toMatchObject({ traceId: expect.stringMatching(/^[0-9a-f]{32}$/), sampled: true });
  expect(ended[0]!.endedAt).toBeGreaterThanOrEqual(ended[0]!.startedAt);
});

test('a trace that is not sampled is not exported; the caller decides about its own', () => {
  const ended: EndedSpan[] = [];
  const tracer = createTracer(
    0.5,
    (span) => ended.push(span),
    () => 0.7,
  );
  tracer.start('by chance', 'server', undefined, {}).end();
  const parent = { traceId: TRACE, spanId: SPAN, sampled: true };
  tracer.start('of an unsampled caller', 'server', { ...parent, sampled: false }, {}).end();
  tracer.start('of a sampled caller', 'server', parent, {}).end();

  expect(ended.map(({ name }) => name)).toEqual(['of a sampled caller']);
});

type Export = { headers: IncomingHttpHeaders; path: string; body: string };
let collector: Server;
let exports: Export[];
let answer: number[];
let url: string;
beforeEach(async () => {
  exports = [];
  answer = [];
  collector = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk) => (body += chunk));
    request.on('end', () => {
      exports.push({ headers: request.headers, path: request.url!, body });
      response.writeHead(answer.shift() ?? 200).end('{}');
    });
  });
  await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;
});
afterEach(() => new Promise<void>((resolve) => collector.close(() => resolve())));

const spanOf = (name: string): EndedSpan => ({
  context: { traceId: TRACE, spanId: SPAN, sampled: true },
  parentSpanId: '53995c3f42cd8ad8',
  name,
  kind: 'client',
  startedAt: 1_764_460_800_123.25,
  endedAt: 1_764_460_800_223.5,
  attributes: { 'posthorn.attempt': 2, 'posthorn.outcome': 'rejected', 'posthorn.endpoint': null },
  error: '503',
});

function exporter(options: { url?: string } = {}) {
  const events: string[] = [];
  const made = createOtlpExporter({
    url,
    headers: { 'x-token': 'secret' },
    resource: { 'service.name': 'posthorn' },
    version: '1.2.3',
    onFailing: (reason) => events.push(`failing: ${reason}`),
    onWorking: () => events.push('working'),
    onLost: (spans) => events.push(`lost ${spans}`),
    flushEveryMs: 10,
    ...options,
  });
  return { ...made, events };
}

test('spans are sent in the JSON encoding of OTLP, with the headers of the collector', async () => {
  const { add, close, events } = exporter();
  add(spanOf('attempt'));
  await eventually(() => exports.length === 1);
  await close();

  expect(exports[0]).toMatchObject({
    path: '/v1/traces',
    headers: { 'x-token': 'secret', 'content-type': 'application/json' },
  });
  // As the serializer of OpenTelemetry's own exporter writes it (JsonTraceSerializer of otlp-transformer 0.301).
  expect(JSON.parse(exports[0]!.body)).toEqual({
    resourceSpans: [
      {
        resource: { attributes: [{ key: 'service.name', value: { stringValue: 'posthorn' } }] },
        scopeSpans: [
          {
            scope: { name: 'posthorn', version: '1.2.3' },
            spans: [
              {
                traceId: TRACE,
                spanId: SPAN,
                parentSpanId: '53995c3f42cd8ad8',
                flags: 1,
                name: 'attempt',
                kind: 3,
                startTimeUnixNano: '1764460800123250000',
                endTimeUnixNano: '1764460800223500000',
                attributes: [
                  { key: 'posthorn.attempt', value: { intValue: '2' } },
                  { key: 'posthorn.outcome', value: { stringValue: 'rejected' } },
                ],
                status: { code: 2, message: '503' },
              },
            ],
          },
        ],
      },
    ],
  });
  expect(events).toEqual([]);
});

test('a collector that refuses spans loses them; one that is away does not', async () => {
  answer = [400, 200];
  const { add, close, events } = exporter();
  add(spanOf('refused'));
  await eventually(() => events.includes('lost 1'));
  add(spanOf('taken'));
  await eventually(() => events.includes('working'));
  await close();

  expect(events).toEqual(['lost 1', 'failing: status 400', 'working']);
});

test('spans that the collector asks to repeat are kept, and sent at the end', async () => {
  answer = [503];
  const { add, close, events } = exporter();
  add(spanOf('repeated'));
  await eventually(() => events.length === 1);
  await close();

  expect(events).toEqual(['failing: status 503', 'working']);
  expect(exports.map(({ body }) => body.includes('repeated'))).toEqual([true, true]);
});

test('while the collector is away, memory is bounded, and what is lost is counted', async () => {
  await new Promise((resolve) => collector.close(resolve));
  const { add, close, events } = exporter();
  for (let i = 0; i < 2_050; i++) add(spanOf('waiting'));
  await eventually(() => events.includes('failing: ECONNREFUSED'));
  await close();

  expect(events).toEqual(['lost 1', 'lost 1', 'failing: ECONNREFUSED', 'lost 2048']);
});
