import type { BulkJobs } from '../api/ports.ts';
import { createBulkJobs } from '../background/bulk-jobs.ts';
import {
  createEndpointStates,
  type EndpointStatesDependencies,
  sweepEndpointStates,
} from '../background/endpoint-states.ts';
import { type EndpointSweepDependencies, sweepDeletedEndpoints } from '../background/endpoint-sweep.ts';
import { createErasures, type Erasures } from '../background/erasures/erasures.ts';
import { startExpiry } from '../background/expiry.ts';
import { createFailureAlerts } from '../background/failure-alerts.ts';
import { createReconciler } from '../background/reconciler/reconciler.ts';
import { createRetention } from '../background/retention/retention.ts';
import { startStatistics } from '../background/statistics.ts';
import { createDispatcher, type Dispatcher } from '../dispatch/dispatcher.ts';
import type { InFlightLimiter } from '../dispatch/in-flight-limiter.ts';
import type { StartWorkflow } from '../dispatch/workflow-starter.ts';
import type { ProfileLookup } from '../profiles/profile-lookup.ts';
import type { TemporalGateway } from '../temporal/gateway.ts';
import type { TemporalSupervisor } from '../temporal/supervisor.ts';
import type { CachedWorkflowLinks } from '../temporal/workflow-links.ts';
import { CONNECTIONS_PER_HOST, type SharedServices } from './shared-services.ts';
import { turnsOf } from './turn-tokens.ts';

export type Dispatch = {
  dispatcher: Dispatcher;
  erasures: Erasures;
  bulkJobs: BulkJobs;
  close(): Promise<void>;
};

export type DispatchDependencies = {
  shared: SharedServices;
  temporal: TemporalSupervisor;
  links: CachedWorkflowLinks;
  inFlightLimiter: InFlightLimiter;
};

/** Starts what moves deliveries into workflows: the dispatcher, the reconciler and the retention. */
export function startDispatch(deps: DispatchDependencies): Dispatch {
  const { shared, temporal, links, inFlightLimiter } = deps;
  const { config, log, metrics, pools, notifications, heartbeats, onFailure } = shared;
  const dispatcher = createDispatcher({
    pool: pools.main,
    inFlightLimiter,
    processId: heartbeats.id,
    starter: () => starterFor(temporal.gateway(), links),
    grouping: config.grouping,
    maxPerReceiver: CONNECTIONS_PER_HOST,
    drainRate: config.drainRate,
    onStarted: (result, deliveries) => {
      metrics.workflowStarts.inc({ result });
      metrics.groupSize.observe(deliveries);
    },
    onFailure: (error) =>
      log.warn(
        { err: error },
        'deliveries could not be assigned, or a workflow could not be started; both are retried',
      ),
  });
  let leads = false;
  const states = endpointStatesDependencies(shared, temporal, dispatcher);
  const endpointStates = createEndpointStates(states, 0);
  const stopListening = [
    notifications.listen('posthorn_claims', dispatcher.recordClaimed),
    notifications.listen('posthorn_turns', (tokens) => dispatcher.pollTurns(turnsOf(tokens))),
    // One of all processes is enough. If none leads now, the next sweep does it.
    notifications.listen('posthorn_endpoints', (ids) => {
      if (leads) endpointStates.resume(ids).catch(states.onFailure);
    }),
  ];
  const reconciler = startReconciler(shared, temporal, states, (isLeader) => (leads = isLeader));
  const failureAlerts = createFailureAlerts({
    pool: pools.main,
    leads: () => leads,
    onDisabled: (endpointIds) => {
      for (const endpointId of endpointIds)
        log.info({ endpointId }, 'an endpoint has only failed for too long and is disabled');
    },
    onFailure,
  });
  const expiry = startExpiry({ ...states, onFailure });
  const retention = createRetention({
    pool: pools.main,
    leaseDb: pools.heartbeat,
    processId: heartbeats.id,
    ageMs: config.retentionMs,
    audit: {
      ageMs: config.auditRetentionMs,
      shares: {
        ofProject: config.quotas.auditEntriesOfProject,
        ofConsumer: config.quotas.auditEntriesOfConsumer,
      },
    },
    statisticsAgeMs: config.statisticsRetentionMs,
    onFailure,
  });
  const statistics = startStatistics({
    pool: pools.main,
    leaseDb: pools.heartbeat,
    processId: heartbeats.id,
    onFailure: (error) => log.warn({ err: error }, 'figures could not be counted; the next pass counts them'),
  });
  const erasures = startErasures(shared, temporal, dispatcher);
  const bulkJobs = createBulkJobs({
    pool: pools.main,
    stepsPerRun: config.jobStepsPerRun,
    temporal: temporal.gateway,
    onFailure: (error) =>
      log.warn({ err: error }, 'the workflow of a job could not be started or checked; this is tried again'),
  });
  return {
    dispatcher,
    erasures,
    bulkJobs,
    async close() {
      for (const stop of stopListening) stop();
      const parts = [
        ...[reconciler, expiry, endpointStates, dispatcher],
        ...[failureAlerts, retention, erasures, bulkJobs, statistics],
      ];
      await Promise.all(parts.map((part) => part.close()));
    },
  };
}

function starterFor(gateway: TemporalGateway | null, links: CachedWorkflowLinks): StartWorkflow | null {
  if (!gateway) return null;
  return async (assignment) => {
    const runId = await gateway.start(assignment);
    if (runId === null) return 'id_in_use';
    links.rememberRun(assignment.workflowId, runId);
    return 'started';
  };
}

/** What changes of endpoints need: the API makes them, and the reconciler finishes them. */
export function endpointStatesDependencies(
  shared: SharedServices,
  temporal: TemporalSupervisor,
  dispatcher: Pick<Dispatcher, 'poll'>,
): EndpointStatesDependencies {
  const { config, log, pools, notifications } = shared;
  return {
    pool: pools.main,
    drainRate: config.drainRate,
    onReleased: dispatcher.poll,
    // The claim tells the workflow that the delivery has ended. Otherwise it would wait for its next retry to notice.
    onEnded: ({ owner, ids }) =>
      void temporal.gateway()?.retryNow(owner, ids).catch(logSignalFailure(shared)),
    onOutcomes: (projectIds) => notifications.notify('posthorn_outcomes', projectIds),
    onFailure: (error) =>
      log.warn(
        { err: error },
        'deliveries do not match the state of their endpoint yet; the next sweep tries again',
      ),
  };
}

function startReconciler(
  shared: SharedServices,
  temporal: TemporalSupervisor,
  states: EndpointStatesDependencies,
  onLeadershipChange: (leads: boolean) => void,
): { close(): Promise<void> } {
  const { log, metrics, pools, notifications, heartbeats, profiles } = shared;
  const sweep: EndpointSweepDependencies = {
    pool: pools.main,
    onCancelled: ({ owner, ids }) =>
      void temporal.gateway()?.send(owner, 'cancel', ids).catch(logSignalFailure(shared)),
    onOutcomes: (projectId) => notifications.notify('posthorn_outcomes', [projectId]),
  };
  return createReconciler({
    pool: pools.main,
    leaseDb: pools.heartbeat,
    processId: heartbeats.id,
    temporal: temporal.gateway,
    sweepEndpoints: async (ageMs) => {
      await sweepDeletedEndpoints(sweep, ageMs);
      await sweepEndpointStates(states, plansByProfile(profiles), ageMs);
    },
    onReleased: states.onReleased,
    onAction: (action, workflowId, deliveries) => {
      metrics.reconciled.inc({ action });
      const level = action === 'terminated' ? 'error' : 'info';
      log[level]({ workflowId, deliveries, action }, 'the reconciler acted on a workflow');
    },
    onWorkflowFailed: (workflowId, failure, deliveries) => {
      metrics.workflowsFailed.inc({ failure });
      log.error(
        { workflowId, failure, deliveries },
        'a workflow failed with open deliveries, which continue in another workflow',
      );
    },
    onDrained: (workflows, deliveries) =>
      log.info(
        { workflows, deliveries },
        'workflows of an earlier build were relieved of deliveries, which continue on the current one',
      ),
    onLeadershipChange: (leads) => {
      onLeadershipChange(leads);
      metrics.leads.set(leads ? 1 : 0);
      log.info(
        { leads },
        leads ? 'this process is now the reconciler' : 'this process is no longer the reconciler',
      );
    },
    onFailure: (error) =>
      log.warn({ err: error }, 'a pass of the reconciler failed; the next pass tries again'),
  });
}

function startErasures(
  shared: SharedServices,
  temporal: TemporalSupervisor,
  dispatcher: Dispatcher,
): Erasures {
  const { log, pools, notifications } = shared;
  return createErasures({
    pool: pools.main,
    temporal: temporal.gateway,
    onCancelled: ({ owner, ids }) =>
      void temporal.gateway()?.send(owner, 'cancel', ids).catch(logSignalFailure(shared)),
    onOutcomes: (projectId) => notifications.notify('posthorn_outcomes', [projectId]),
    onReleased: dispatcher.poll,
    onCompleted: ({ id, projectId, kind }) =>
      log.info({ erasureId: id, projectId, kind }, 'an erasure is completed'),
    onFailure: (error) => log.warn({ err: error }, 'a step of an erasure failed; it is tried again'),
  });
}

const plansByProfile = ({ shipped }: ProfileLookup): Map<string, string[] | null> =>
  new Map(shipped.names().map((name) => [name, shipped.get(name)?.plans ?? null]));

/** For a signal to a workflow that failed. */
export const logSignalFailure =
  ({ log }: SharedServices) =>
  (error: unknown): void =>
    log.warn({ err: error }, 'a signal was not delivered; the reconciler sends it again');
