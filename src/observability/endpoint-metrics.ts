import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { EndpointSelection } from '../policy/endpoint-selection.ts';
import type { Outcome } from '../policy/outcome.ts';
import { createEndpointLabels, type LabelledEndpoint } from './endpoint-labels.ts';

// Few, because each endpoint has them all.
const SECONDS = [0.1, 0.5, 2, 10, 30];

export type OpenDeliveries = { projectId: string; endpointId: string; open: number };

/** Read at each scrape. If a reading fails, what it would have said is missing from the page. */
export type EndpointReadings = {
  /** Of the selected endpoints that have the most, at most 1,000. */
  openDeliveries(): Promise<OpenDeliveries[]>;
  /** Which of these endpoints are deleted. */
  deleted(endpointIds: string[]): Promise<string[]>;
};

export type EndpointMetrics = {
  /** An attempt to a target has no endpoint; it counts as one of the others. */
  observe(receiver: AttemptedReceiver, outcome: Outcome, durationMs: number): void;
  addReadings(readings: EndpointReadings): void;
};

type AttemptedReceiver = { projectId: string; endpointId: string | null };

const resultOf = (outcome: Outcome): string =>
  outcome === 'delivered' || outcome === 'rejected' || outcome === 'timeout' ? outcome : 'unreachable';

/**
 * Registers metrics of single endpoints. At most 1,000 endpoints have their own, and at most 100 of a project that are not
 * listed by their ids; the others share the label `other`, because tenants create endpoints without end.
 */
export function createEndpointMetrics(
  registry: Registry,
  selection: EndpointSelection,
  now: () => number = () => performance.now(),
): EndpointMetrics {
  const registers = [registry];
  const labels = createEndpointLabels(selection, now);
  let readings: EndpointReadings | undefined;

  const attempts = new Counter({
    name: 'posthorn_endpoint_attempts_total',
    help: 'Recorded attempts of the selected endpoints, by result',
    labelNames: ['project', 'endpoint', 'result'],
    registers,
    collect: removeEnded,
  });
  const duration = new Histogram({
    name: 'posthorn_endpoint_attempt_duration_seconds',
    help: 'Duration of an attempt to a selected endpoint, from the DNS query to the end of the response',
    labelNames: ['project', 'endpoint'],
    buckets: SECONDS,
    registers,
  });
  new Gauge({
    name: 'posthorn_endpoint_open_deliveries',
    help: 'Deliveries that have not settled, of the 20 endpoints of a project that have the most, if they are selected',
    labelNames: ['project', 'endpoint'],
    registers,
    async collect() {
      const found = await readings?.openDeliveries().catch(() => []);
      this.reset();
      for (const { projectId, endpointId, open } of found ?? [])
        this.set({ project: projectId, endpoint: endpointId }, open);
    },
  });

  async function removeEnded(): Promise<void> {
    const deleted = await readings?.deleted(labels.endpointIds()).catch(() => []);
    for (const labelled of labels.takeBack(new Set(deleted))) remove(labelled);
  }

  function remove({ project, endpoint }: LabelledEndpoint): void {
    duration.remove({ project, endpoint });
    for (const result of ['delivered', 'rejected', 'timeout', 'unreachable'])
      attempts.remove({ project, endpoint, result });
  }

  return {
    observe({ projectId, endpointId }, outcome, durationMs) {
      const endpoint = labels.labelOf(projectId, endpointId);
      if (endpoint === null) return;
      attempts.inc({ project: projectId, endpoint, result: resultOf(outcome) });
      duration.observe({ project: projectId, endpoint }, durationMs / 1000);
    },
    addReadings(more) {
      readings = more;
    },
  };
}
