import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { registerGauges } from './scrape-readings.ts';

// `?wait=` may take 60 s.
const API_SECONDS = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 15, 60];
// From what a local receiver takes to the longest timeout, 60 s.
const ATTEMPT_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30, 60];
// Then on through the waits of the default policy, 2 h 36 m in all.
const LATENCY_SECONDS = [...ATTEMPT_SECONDS, 300, 1800, 7200, 14_400];

export type Metrics = ReturnType<typeof createMetrics>;

/**
 * The process's own metrics. Projects label the events accepted, since a project is a producer that an
 * administrator makes, and there are few. Consumers, endpoints, event types and URLs label nothing: tenants make
 * them, without a bound.
 */
export function createMetrics() {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });

  return {
    registry,
    addReadings: registerGauges(registry),
    /** `path` is the pattern of the route: the addresses that are asked for have no bound. */
    apiRequests: new Histogram({
      name: 'posthorn_api_request_duration_seconds',
      help: 'Requests to the API, by route and answer',
      labelNames: ['method', 'path', 'status'],
      buckets: API_SECONDS,
      registers,
    }),
    eventsAccepted: new Counter({
      name: 'posthorn_events_accepted_total',
      help: 'Events stored, by project; repeats of a known id not counted',
      labelNames: ['project'],
      registers,
    }),
    attempts: new Counter({
      name: 'posthorn_attempts_total',
      help: 'Recorded attempts by outcome',
      labelNames: ['outcome'],
      registers,
    }),
    attemptDuration: new Histogram({
      name: 'posthorn_attempt_duration_seconds',
      help: 'One attempt, from DNS to the end of the answer',
      buckets: ATTEMPT_SECONDS,
      registers,
    }),
    /** `until`: `first_attempt` (its end, whatever the outcome) or `delivered`. */
    deliveryLatency: new Histogram({
      name: 'posthorn_delivery_latency_seconds',
      help: 'From the acceptance of an event to the end of its first attempt, and to its delivery',
      labelNames: ['until'],
      buckets: LATENCY_SECONDS,
      registers,
    }),
    groupSize: new Histogram({
      name: 'posthorn_group_size',
      help: 'Deliveries that one workflow was started with',
      buckets: [1, 2, 5, 10, 25, 50, 100],
      registers,
    }),
    /** `result`: `started`, `already_started` or `failed`. */
    workflowStarts: new Counter({
      name: 'posthorn_workflow_starts_total',
      help: 'Starts of workflows by result',
      labelNames: ['result'],
      registers,
    }),
    /** Counted by the process that found it, so by one of all. `role`: `api`, `worker` or `start`. */
    processesGone: new Counter({
      name: 'posthorn_processes_gone_total',
      help: 'Processes that ended without stopping, or were silent for 30 s, by their role',
      labelNames: ['role'],
      registers,
    }),
    attemptsCut: new Counter({
      name: 'posthorn_attempts_cut_total',
      help: 'Attempts under way in processes that are gone: they become unknown, and are made again',
      labelNames: ['role'],
      registers,
    }),
    /** `failure`: the type of the failure, one of our own or of the SDK's. */
    workflowsFailed: new Counter({
      name: 'posthorn_workflows_failed_total',
      help: 'Workflows that failed with deliveries open, by the type of their failure',
      labelNames: ['failure'],
      registers,
    }),
    leads: new Gauge({
      name: 'posthorn_reconciler_leads',
      help: '1 in the API process that is the reconciler, 0 in the others',
      registers,
    }),
    /** `action`: `released`, `signalled` or `terminated`. */
    reconciled: new Counter({
      name: 'posthorn_reconciled_total',
      help: 'Owners that the reconciler acted on, by what it did',
      labelNames: ['action'],
      registers,
    }),
  };
}
