import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { EndpointSelection } from '../policy/endpoint-selection.ts';
import { OUTCOMES } from '../policy/outcome.ts';
import type { ProcessRole } from '../store/processes/processes.ts';
import { createEndpointMetrics } from './endpoint-metrics.ts';
import { registerGauges } from './scrape-readings.ts';

// Up to 60 s, the longest `?wait=`.
const API_SECONDS = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 15, 60];
// From the response time of a local receiver to the longest timeout, 60 s.
const ATTEMPT_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30, 60];
// Continues through the retries of the default policy, which take 2 h 36 min in total.
const LATENCY_SECONDS = [...ATTEMPT_SECONDS, 300, 1800, 7200, 14_400];

export type Metrics = ReturnType<typeof createMetrics>;

/**
 * Creates the metrics of this process. Project ids are labels because administrators create projects, and there are
 * few. Consumers, event types and URLs are not: tenants create them, and their number is unbounded. Endpoints are labels
 * only of the metrics that `endpoints` selects, which are not registered without it.
 */
export function createMetrics(endpoints: EndpointSelection | null = null) {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });

  const metrics = {
    registry,
    addReadings: registerGauges(registry),
    endpoints: endpoints && createEndpointMetrics(registry, endpoints),
    /** `path` is the pattern of the route: the number of requested paths is unbounded. */
    apiRequests: new Histogram({
      name: 'posthorn_api_request_duration_seconds',
      help: 'Duration of API requests, by method, route and status',
      labelNames: ['method', 'path', 'status'],
      buckets: API_SECONDS,
      registers,
    }),
    eventsAccepted: new Counter({
      name: 'posthorn_events_accepted_total',
      help: 'Events stored, by project; repeated ids are not counted',
      labelNames: ['project'],
      registers,
    }),
    attempts: new Counter({
      name: 'posthorn_attempts_total',
      help: 'Recorded attempts, by outcome',
      labelNames: ['outcome'],
      registers,
    }),
    /** `by`: `express`, the process that accepted the event, or `workflow`. */
    firstAttempts: new Counter({
      name: 'posthorn_first_attempts_total',
      help: 'Deliveries stored while POSTHORN_FIRST_ATTEMPT=express, by what makes their first attempt',
      labelNames: ['by'],
      registers,
    }),
    /** `fault`: see ProxyFault in src/egress/proxy. */
    egressProxyFaults: new Counter({
      name: 'posthorn_egress_proxy_faults_total',
      help: 'Requests for a tunnel to a receiver that failed through the fault of the egress proxy, by fault',
      labelNames: ['fault'],
      registers,
    }),
    /** `outcome`: `granted`, or the code of the `token_failed` attempt that follows. */
    tokenRequests: new Counter({
      name: 'posthorn_token_requests_total',
      help: 'Requests for access tokens of endpoints with client credentials, by outcome',
      labelNames: ['outcome'],
      registers,
    }),
    tokenRequestDuration: new Histogram({
      name: 'posthorn_token_request_duration_seconds',
      help: 'Duration of a request for an access token, from the DNS query to the end of the response',
      buckets: ATTEMPT_SECONDS,
      registers,
    }),
    attemptDuration: new Histogram({
      name: 'posthorn_attempt_duration_seconds',
      help: 'Duration of an attempt, from the DNS query to the end of the response',
      buckets: ATTEMPT_SECONDS,
      registers,
    }),
    /** `until`: `first_attempt`, its end with any outcome, or `delivered`. */
    deliveryLatency: new Histogram({
      name: 'posthorn_delivery_latency_seconds',
      help: 'Time from accepting an event to the end of its first attempt, and to its delivery',
      labelNames: ['until'],
      buckets: LATENCY_SECONDS,
      registers,
    }),
    groupSize: new Histogram({
      name: 'posthorn_group_size',
      help: 'Deliveries per started workflow',
      buckets: [1, 2, 5, 10, 25, 50, 100, 200],
      registers,
    }),
    /** `result`: `started` or `failed`. */
    workflowStarts: new Counter({
      name: 'posthorn_workflow_starts_total',
      help: 'Workflow starts, by result',
      labelNames: ['result'],
      registers,
    }),
    /** Only the process that detects the loss counts it. `role`: `api`, `worker` or `start`. */
    processesLost: new Counter({
      name: 'posthorn_processes_lost_total',
      help: 'Processes that ended without shutting down, or wrote no heartbeat for 30 s, by role',
      labelNames: ['role'],
      registers,
    }),
    attemptsInterrupted: new Counter({
      name: 'posthorn_attempts_interrupted_total',
      help: 'Attempts that were in flight in lost processes, by role; they become unknown and are repeated',
      labelNames: ['role'],
      registers,
    }),
    /**
     * `failure`: the type of the ApplicationFailure, or the name of the error if it has none; `Nondeterminism`; `unknown`
     * if Temporal does not respond.
     */
    workflowsFailed: new Counter({
      name: 'posthorn_workflows_failed_total',
      help: 'Workflows that failed with open deliveries, by type of failure',
      labelNames: ['failure'],
      registers,
    }),
    spansLost: new Counter({
      name: 'posthorn_spans_lost_total',
      help: 'Spans that could not be exported because the collector was away, too slow, or refused them',
      registers,
    }),
    leads: new Gauge({
      name: 'posthorn_reconciler_leads',
      help: '1 in the API process that is the reconciler, 0 in all others',
      registers,
    }),
    /** `action`: `released`, `signalled` or `terminated`. */
    reconciled: new Counter({
      name: 'posthorn_reconciled_total',
      help: 'Workflows that the reconciler acted on, by action',
      labelNames: ['action'],
      registers,
    }),
  };
  startAtZero(metrics);
  return metrics;
}

const ROLES: ProcessRole[] = ['api', 'worker', 'start'];

/**
 * A series that begins with its first event begins with 1, and `increase` misses that event. So those that alerts watch
 * exist from the start.
 */
function startAtZero(
  metrics: Record<
    'attempts' | 'workflowStarts' | 'processesLost' | 'attemptsInterrupted' | 'reconciled',
    Counter
  >,
): void {
  for (const outcome of OUTCOMES) metrics.attempts.inc({ outcome }, 0);
  for (const result of ['started', 'failed']) metrics.workflowStarts.inc({ result }, 0);
  for (const action of ['released', 'signalled', 'terminated']) metrics.reconciled.inc({ action }, 0);
  for (const role of ROLES) {
    metrics.processesLost.inc({ role }, 0);
    metrics.attemptsInterrupted.inc({ role }, 0);
  }
}
