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
import type { Dispatcher } from '../dispatch/dispatcher.ts';
import type { ProfileLookup } from '../profiles/profile-lookup.ts';
import type { TemporalSupervisor } from '../temporal/supervisor.ts';
import { logSignalFailure } from './log-signal-failure.ts';
import type { SharedServices } from './shared-services.ts';

export type Background = {
  erasures: Erasures;
  bulkJobs: BulkJobs;
  close(): Promise<void>;
};

/**
 * Starts the background work of an API process: the reconciler, failure alerts, expiry, retention, statistics, erasures and
 * bulk jobs.
 */
export function startBackground(
  shared: SharedServices,
  temporal: TemporalSupervisor,
  dispatcher: Pick<Dispatcher, 'poll'>,
): Background {
  const { config, log, pools, notifications, heartbeats, onFailure } = shared;
  let leads = false;
  const states = endpointStatesDependencies(shared, temporal, dispatcher);
  const endpointStates = createEndpointStates(states, 0);
  // One of all processes is enough. If none leads now, the next sweep does it.
  const stopListening = notifications.listen('posthorn_endpoints', (ids) => {
    if (leads) endpointStates.resume(ids).catch(states.onFailure);
  });
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
    erasures,
    bulkJobs,
    async close() {
      stopListening();
      const parts = [
        ...[reconciler, expiry, endpointStates, failureAlerts],
        ...[retention, erasures, bulkJobs, statistics],
      ];
      await Promise.all(parts.map((part) => part.close()));
    },
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
  dispatcher: Pick<Dispatcher, 'poll'>,
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
