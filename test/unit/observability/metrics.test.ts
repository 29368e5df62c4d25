import { createMetrics } from '../../../src/observability/metrics.ts';
import { type MetricsServer, serveMetrics } from '../../../src/observability/serve-metrics.ts';

let server: MetricsServer | undefined;

afterEach(async () => {
  await server?.close();
  server = undefined;
});

async function scrape(
  extra?: () => Promise<string>,
  prepare: (metrics: ReturnType<typeof createMetrics>) => void = () => {},
) {
  const metrics = createMetrics();
  prepare(metrics);
  server = await serveMetrics(0, '127.0.0.1', metrics.registry, extra);
  const response = await fetch(`http://127.0.0.1:${server.port}/metrics`);
  return { status: response.status, text: await response.text(), type: response.headers.get('content-type') };
}

test('one page has our counters, the process, what is read at the scrape, and the metrics of the SDK', async () => {
  const page = await scrape(
    async () => 'temporal_request_total 7\n',
    (metrics) => {
      metrics.eventsAccepted.inc({ project: 'prj_1' }, 3);
      metrics.attempts.inc({ outcome: 'delivered' });
      metrics.deliveryLatency.observe({ until: 'delivered' }, 0.03);
      metrics.addReadings({
        oldestUnattempted: async () => 12,
        pools: { postgres: () => ({ busy: 2, idle: 1, waiting: 0 }) },
      });
      metrics.addReadings({
        retriesWaiting: async () => 4,
        coolingDown: async () => 3,
        pools: { outbound: () => ({ busy: 9, idle: 0, waiting: 5 }) },
      });
    },
  );
  expect(page.type).toMatch(/^text\/plain/);
  for (const line of [
    'posthorn_events_accepted_total{project="prj_1"} 3',
    'posthorn_attempts_total{outcome="delivered"} 1',
    'posthorn_delivery_latency_seconds_bucket{le="0.05",until="delivered"} 1',
    'posthorn_oldest_unattempted_seconds 12',
    'posthorn_retries_waiting 4',
    'posthorn_receivers_cooling_down 3',
    'posthorn_pool_connections{pool="postgres",state="busy"} 2',
    'posthorn_pool_connections{pool="outbound",state="waiting"} 5',
    'temporal_request_total 7',
  ]) {
    expect(page.text.split('\n')).toContain(line);
  }
  expect(page.text).toContain('process_resident_memory_bytes');
});

test('a failed reading is NaN, and the page is served', async () => {
  const page = await scrape(
    () => Promise.reject(new Error('away')),
    (metrics) => metrics.addReadings({ retriesWaiting: () => Promise.reject(new Error('away')) }),
  );
  expect(page.status).toBe(200);
  expect(page.text).toMatch(/^posthorn_retries_waiting nan$/im);
  expect(page.text).toContain('# the metrics of the Temporal SDK are not available');
});

test('nothing but the page is served, and a port that is taken is an error', async () => {
  const { registry } = createMetrics();
  server = await serveMetrics(0, '127.0.0.1', registry);
  expect((await fetch(`http://127.0.0.1:${server.port}/`)).status).toBe(404);
  expect((await fetch(`http://127.0.0.1:${server.port}/metrics`, { method: 'POST' })).status).toBe(404);
  await expect(serveMetrics(server.port, '127.0.0.1', registry)).rejects.toThrow('EADDRINUSE');
});

test('the counters that alerts watch begin at zero, so that the first increase is seen', async () => {
  const { text } = await scrape();
  for (const line of [
    'posthorn_attempts_total{outcome="unknown"} 0',
    'posthorn_workflow_starts_total{result="failed"} 0',
    'posthorn_reconciled_total{action="terminated"} 0',
    'posthorn_processes_lost_total{role="worker"} 0',
    'posthorn_attempts_interrupted_total{role="worker"} 0',
  ]) {
    expect(text.split('\n')).toContain(line);
  }
});
