import type { EndpointReadings } from '../../../src/observability/endpoint-metrics.ts';
import { createEndpointMetrics } from '../../../src/observability/endpoint-metrics.ts';
import { createMetrics } from '../../../src/observability/metrics.ts';
import { serveMetrics } from '../../../src/observability/serve-metrics.ts';
import type { EndpointSelection } from '../../../src/policy/endpoint-selection.ts';
import { parseEndpointSelection } from '../../../src/policy/endpoint-selection.ts';

const HOUR_MS = 3_600_000;
const id = (kind: 'prj' | 'ep', n: number): string => `${kind}_${String(n).padStart(26, '0')}`;

type Sample = { name: string; project: string; endpoint: string; more: string; value: number };

/** Metrics of a process with the selection, its clock, and scrapes over HTTP. */
async function startMetrics(selection: EndpointSelection, readings: Partial<EndpointReadings> = {}) {
  const state = { nowMs: 0, deleted: [] as string[] };
  const { registry } = createMetrics();
  const metrics = createEndpointMetrics(registry, selection, () => state.nowMs);
  metrics.addReadings({
    openDeliveries: async () => [],
    deleted: async (ids) => ids.filter((one) => state.deleted.includes(one)),
    ...readings,
  });
  const server = await serveMetrics(0, '127.0.0.1', registry);
  const scrape = async (): Promise<Sample[]> => {
    const response = await fetch(`http://127.0.0.1:${server.port}/metrics`);
    expect(response.status).toBe(200);
    return [...(await response.text()).matchAll(/^(posthorn_endpoint_\w+)\{([^}]*)\} (\S+)$/gm)].map(
      ([, name, text, value]) => {
        const { project, endpoint, ...more } = Object.fromEntries(
          [...text!.matchAll(/(\w+)="([^"]*)"/g)].map(([, label, labelled]) => [label!, labelled!]),
        );
        return {
          name: name!,
          project: project!,
          endpoint: endpoint!,
          more: Object.values(more).join(),
          value: Number(value),
        };
      },
    );
  };
  return { state, metrics, scrape, close: server.close };
}

const endpointsOf = (samples: Sample[]): string[] =>
  [...new Set(samples.map(({ endpoint }) => endpoint))].toSorted();
const attemptsIn = (samples: Sample[]): number =>
  samples.reduce(
    (sum, { name, value }) => sum + (name === 'posthorn_endpoint_attempts_total' ? value : 0),
    0,
  );

test('5,000 endpoints of 20 projects have no more than 1,000 series of their own, and every attempt is counted', async () => {
  const { metrics, scrape, close } = await startMetrics('all');
  for (let n = 0; n < 5_000; n++) {
    for (const outcome of ['delivered', 'rejected', 'timeout', 'dns_failed'] as const)
      metrics.observe({ projectId: id('prj', n % 20), endpointId: id('ep', n) }, outcome, 50);
  }
  const samples = await scrape();
  await close();

  expect(endpointsOf(samples)).toHaveLength(1_000 + 1);
  expect(endpointsOf(samples)).toContain('other');
  // Of each endpoint, and of the others of each project: four results, six buckets, sum and count.
  expect(samples).toHaveLength(12 * (1_000 + 20));
  expect(attemptsIn(samples)).toBe(20_000);
});

test('an endpoint has 12 series: attempts by result, and their duration in few buckets', async () => {
  const { metrics, scrape, close } = await startMetrics('all');
  const receiver = { projectId: id('prj', 1), endpointId: id('ep', 1) };
  metrics.observe(receiver, 'delivered', 80);
  metrics.observe(receiver, 'delivered', 1_200);
  metrics.observe(receiver, 'rejected', 50);
  metrics.observe(receiver, 'timeout', 15_000);
  for (const outcome of [
    'connection_failed',
    'dns_failed',
    'tls_failed',
    'invalid_response',
    'blocked',
  ] as const)
    metrics.observe(receiver, outcome, 10);
  const samples = await scrape();
  await close();

  const valuesOf = (wanted: string) =>
    Object.fromEntries(samples.filter(({ name }) => name === wanted).map(({ more, value }) => [more, value]));
  expect(samples).toHaveLength(12);
  expect(valuesOf('posthorn_endpoint_attempts_total')).toEqual({
    delivered: 2,
    rejected: 1,
    timeout: 1,
    unreachable: 5,
  });
  expect(valuesOf('posthorn_endpoint_attempt_duration_seconds_bucket')).toEqual({
    '0.1': 7,
    '0.5': 7,
    '2': 8,
    '10': 8,
    '30': 9,
    '+Inf': 9,
  });
});

test('one project has 100 endpoints with series of their own, besides those that are listed', async () => {
  const [project, listed] = [id('prj', 1), id('ep', 9_999)];
  const { metrics, scrape, close } = await startMetrics(parseEndpointSelection(`${project},${listed}`)!);
  for (let n = 0; n < 300; n++)
    metrics.observe({ projectId: project, endpointId: id('ep', n) }, 'delivered', 1);
  metrics.observe({ projectId: project, endpointId: listed }, 'delivered', 1);
  metrics.observe({ projectId: id('prj', 2), endpointId: id('ep', 500) }, 'delivered', 1);
  metrics.observe({ projectId: project, endpointId: null }, 'delivered', 1);
  const samples = await scrape();
  await close();

  const expected = Array.from({ length: 100 }, (_, n) => id('ep', n));
  expect(endpointsOf(samples)).toEqual([...expected, listed, 'other']);
  expect(samples.find(({ name, endpoint }) => name.endsWith('_total') && endpoint === 'other')!.value).toBe(
    201,
  );
});

test('listed endpoints have their series, however many others were attempted first', async () => {
  const listed = Array.from({ length: 500 }, (_, n) => id('ep', 100_000 + n));
  const projects = Array.from({ length: 20 }, (_, n) => id('prj', n));
  expect(parseEndpointSelection([...listed, ...projects].join())).toBeUndefined();
  const selection = parseEndpointSelection([...listed.slice(0, 480), ...projects].join(','))!;
  const { metrics, scrape, close } = await startMetrics(selection);
  for (let n = 0; n < 5_000; n++)
    metrics.observe({ projectId: projects[n % 20]!, endpointId: id('ep', n) }, 'delivered', 1);
  for (const endpointId of listed) metrics.observe({ projectId: id('prj', 77), endpointId }, 'delivered', 1);
  const endpoints = endpointsOf(await scrape());
  await close();

  expect(endpoints).toHaveLength(1_000 + 1);
  expect(endpoints).toEqual(expect.arrayContaining(listed.slice(0, 480)));
});

test('the series of a deleted endpoint end with the next scrape, and its place is free an hour later', async () => {
  const { state, metrics, scrape, close } = await startMetrics('all');
  const attempt = (n: number) =>
    metrics.observe({ projectId: id('prj', 1), endpointId: id('ep', n) }, 'delivered', 1);
  for (let n = 0; n < 100; n++) attempt(n);
  state.deleted = Array.from({ length: 60 }, (_, n) => id('ep', n));
  await scrape();
  expect(endpointsOf(await scrape())).toEqual(Array.from({ length: 40 }, (_, n) => id('ep', 60 + n)));

  // Created anew, again and again, they get no series.
  for (let n = 100; n < 200; n++) attempt(n);
  attempt(0);
  expect(endpointsOf(await scrape())).toHaveLength(40 + 1);

  state.nowMs = HOUR_MS;
  for (let n = 60; n < 100; n++) attempt(n);
  await scrape();
  for (let n = 200; n < 300; n++) attempt(n);
  const endpoints = endpointsOf(await scrape());
  await close();
  expect(endpoints).toHaveLength(100 + 1);
  expect(endpoints).toContain(id('ep', 259));
});

test('an endpoint without an attempt for an hour gives its place to another, unless it is listed', async () => {
  const [project, listed] = [id('prj', 1), id('ep', 5_000)];
  const { state, metrics, scrape, close } = await startMetrics(
    parseEndpointSelection(`${project},${listed}`)!,
  );
  const attempt = (endpointId: string) => metrics.observe({ projectId: project, endpointId }, 'delivered', 1);
  attempt(listed);
  for (let n = 0; n < 100; n++) attempt(id('ep', n));
  state.nowMs = HOUR_MS / 2;
  attempt(id('ep', 7));
  state.nowMs = HOUR_MS;
  await scrape();
  expect(endpointsOf(await scrape())).toEqual([id('ep', 7), listed]);

  attempt(id('ep', 200));
  const endpoints = endpointsOf(await scrape());
  await close();
  expect(endpoints).toEqual([id('ep', 7), id('ep', 200), listed]);
});

test('readings that fail are missing from the page, and take no series away', async () => {
  const fail = () => Promise.reject(new Error('Postgres is away'));
  const { metrics, scrape, close } = await startMetrics('all', { openDeliveries: fail, deleted: fail });
  metrics.observe({ projectId: id('prj', 1), endpointId: id('ep', 1) }, 'delivered', 1);
  await scrape();
  const samples = await scrape();
  await close();

  expect(samples).toHaveLength(9);
});

test('open deliveries are those of the last reading', async () => {
  const [projectId, one, other] = [id('prj', 1), id('ep', 1), id('ep', 2)];
  const readings = [
    [
      { projectId, endpointId: one, open: 7 },
      { projectId, endpointId: other, open: 3 },
    ],
    [{ projectId, endpointId: other, open: 2 }],
  ];
  const { scrape, close } = await startMetrics('all', { openDeliveries: async () => readings.shift() ?? [] });
  const [first, second] = [await scrape(), await scrape()];
  await close();

  expect(first.map(({ endpoint, value }) => [endpoint, value])).toEqual([
    [one, 7],
    [other, 3],
  ]);
  expect(second.map(({ endpoint, value }) => [endpoint, value])).toEqual([[other, 2]]);
});

test('unless it is asked for, no metric of endpoints exists', async () => {
  const { registry, endpoints } = createMetrics();
  expect(endpoints).toBeNull();
  expect(await registry.metrics()).not.toContain('posthorn_endpoint_');
});

test.each([
  ['off', null],
  ['all', 'all'],
  [
    `${id('prj', 1)} , ${id('ep', 2)}`,
    { projects: new Set([id('prj', 1)]), endpoints: new Set([id('ep', 2)]) },
  ],
  ['on', undefined],
  ['', undefined],
  ['all,off', undefined],
  [`${id('ep', 1)},`, undefined],
  [id('ep', 1).slice(0, -1), undefined],
  [`dlv_${'0'.repeat(26)}`, undefined],
])('the selection %j is %j', (text, selection) => {
  expect(parseEndpointSelection(text)).toEqual(selection);
});
