import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type OtlpExport, startOtlpExport } from '../../../src/observability/tracing/otlp-export.ts';
import { parseTraceContext, traceHeaders } from '../../../src/policy/trace-context.ts';
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
  expect(parseTraceContext(text, undefined)).toEqual(context);
  if (context) expect(parseTraceContext(traceHeaders(context).traceparent, undefined)).toEqual(context);
});

const longest = `k=${'v'.repeat(256)}`;
const members = (count: number) => Array.from({ length: count }, (_, n) => `k${n}=v`).join(',');

test.each([
  ['vendor=opaque value', 'vendor=opaque value'],
  ['one=1,\ttwo@tenant=2 , ,3*/_-=3', 'one=1,two@tenant=2,3*/_-=3'],
  ['same=1,same=2', 'same=1,same=2'],
  [longest, longest],
  [`${longest},${'w'.repeat(200)}=${'v'.repeat(52)}`, `${longest},${'w'.repeat(200)}=${'v'.repeat(52)}`],
  [members(32), members(32)],
])('the tracestate %j is kept as %j', (text, state) => {
  expect(parseTraceContext(`00-${TRACE}-${SPAN}-01`, text)).toEqual({
    traceId: TRACE,
    spanId: SPAN,
    sampled: true,
    state,
  });
  expect(parseTraceContext('not valid', text)).toBeUndefined();
});

test.each([
  ['no value', 'key='],
  ['no equals sign', 'key'],
  ['a key in capitals', 'Key=v'],
  ['an equals sign in a value', 'key=a=b'],
  ['a value that is not ASCII', 'key=\u00e4'],
  ['a line break', 'key=a\r\nx-injected: 1'],
  ['one member that is not valid', 'key=v,?=v'],
  ['more than 32 members', members(33)],
  ['more than 512 characters', `${longest},${'w'.repeat(200)}=${'v'.repeat(53)}`],
  ['a value of more than 256 characters', `${longest}v`],
  ['no member', ' , '],
])('a tracestate with %s is left out, and the trace goes on', (_, text) => {
  expect(parseTraceContext(`00-${TRACE}-${SPAN}-01`, text)).toEqual({
    traceId: TRACE,
    spanId: SPAN,
    sampled: true,
  });
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

type ExportedSpan = {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  kind: number;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  attributes: { key: string; value: object }[];
  status: object;
};

const resourceSpansOf = ({ body }: Export) => JSON.parse(body).resourceSpans[0];
const spans = (): ExportedSpan[] => exports.flatMap((one) => resourceSpansOf(one).scopeSpans[0].spans);

function start({ sampling = 1, timeoutMs = 10_000 } = {}): OtlpExport & { events: string[] } {
  const events: string[] = [];
  const made = startOtlpExport({
    url,
    headers: { 'x-token': 'secret' },
    sampling,
    resource: { 'service.name': 'posthorn' },
    version: '1.2.3',
    onFailing: (reason) => events.push(`failing: ${reason}`),
    onWorking: () => events.push('working'),
    onLost: (lost) => events.push(`lost ${lost}`),
    times: { flushEveryMs: 10, timeoutMs },
  });
  return { ...made, events };
}
const endSpan = ({ tracer }: OtlpExport, name: string) => tracer.start(name, 'client', undefined, {}).end();

test('a span continues the trace of its parent, and begins one without a parent', async () => {
  const { tracer, close, events } = start();
  const first = tracer.start('first', 'server', undefined, { a: 1, none: null });
  const second = tracer.start('second', 'client', first.context, {});
  second.end({ b: 'x' }, 'ECONNREFUSED');
  second.end({ b: 'y' });
  first.end();
  await close();

  expect(exports[0]).toMatchObject({
    path: '/v1/traces',
    headers: { 'x-token': 'secret', 'content-type': 'application/json' },
  });
  expect(resourceSpansOf(exports[0]!)).toMatchObject({
    resource: { attributes: [{ key: 'service.name', value: { stringValue: 'posthorn' } }] },
    scopeSpans: [{ scope: { name: 'posthorn', version: '1.2.3' } }],
  });
  const { traceId, spanId } = first.context;
  expect(spans()).toMatchObject([
    {
      ...{ traceId, parentSpanId: spanId, name: 'second', kind: 3 },
      attributes: [{ key: 'b', value: { stringValue: 'x' } }],
      status: { code: 2, message: 'ECONNREFUSED' },
    },
    {
      ...{ traceId, spanId, name: 'first', kind: 2 },
      attributes: [{ key: 'a', value: { intValue: expect.anything() } }],
      status: { code: 0 },
    },
  ]);
  expect(spans()[1]).not.toHaveProperty('parentSpanId');
  for (const { startTimeUnixNano, endTimeUnixNano } of spans())
    expect(BigInt(endTimeUnixNano)).toBeGreaterThanOrEqual(BigInt(startTimeUnixNano));
  expect(first.context).toMatchObject({ traceId: expect.stringMatching(/^[0-9a-f]{32}$/), sampled: true });
  expect(events).toEqual([]);
});

test('a trace that is not sampled is not exported; the caller decides about its own', async () => {
  const { tracer, close } = start({ sampling: 0 });
  const own = tracer.start('by chance', 'server', undefined, {});
  own.end();
  const parent = { traceId: TRACE, spanId: SPAN, sampled: true };
  tracer.start('of an unsampled caller', 'server', { ...parent, sampled: false }, {}).end();
  tracer.start('of a sampled caller', 'server', parent, {}).end();
  await close();

  expect(own.context.sampled).toBe(false);
  expect(spans().map(({ name, traceId }) => [name, traceId])).toEqual([['of a sampled caller', TRACE]]);
});

test('a collector that refuses spans loses them, and the log hears of it once', async () => {
  answer = [400, 400, 200];
  const exporting = start();
  for (const expected of [1, 2]) {
    endSpan(exporting, 'refused');
    await eventually(() => exporting.events.filter((event) => event === 'lost 1').length === expected);
  }
  endSpan(exporting, 'taken');
  await eventually(() => exporting.events.includes('working'));
  await exporting.close();

  expect(exporting.events).toEqual(['lost 1', 'failing: status 400', 'lost 1', 'working']);
});

test('spans that the collector asks to repeat are repeated', async () => {
  answer = [503];
  const exporting = start();
  endSpan(exporting, 'repeated');
  await eventually(() => exports.length === 2);
  await exporting.close();

  expect(exports.map(({ body }) => body.includes('repeated'))).toEqual([true, true]);
  expect(exporting.events).toEqual([]);
});

test('while the collector is away, memory is bounded, and what is lost is counted', async () => {
  await new Promise((resolve) => collector.close(resolve));
  const exporting = start({ timeoutMs: 300 });
  for (let i = 0; i < 3_000; i++) endSpan(exporting, 'waiting');
  // The first batch is on its way.
  const lost = 3_000 - 2_048 - 512;
  expect(exporting.events).toEqual(Array.from({ length: lost }, () => 'lost 1'));
  const countLost = () =>
    exporting.events.reduce((sum, event) => sum + Number(/^lost (\d+)$/.exec(event)?.[1] ?? 0), 0);
  await exporting.close();
  await eventually(() => countLost() === 3_000);

  expect(exporting.events.filter((event) => event.startsWith('failing'))).toEqual(['failing: ECONNREFUSED']);
});
