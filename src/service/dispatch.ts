import { sweepEndpointStates } from '../dispatch/background/endpoint-states.ts';
import {
  type EndpointSweepDependencies,
  sweepDeletedEndpoints,
} from '../dispatch/background/endpoint-sweep.ts';
import { createReconciler } from '../dispatch/background/reconciler.ts';
import { createRetention } from '../dispatch/background/retention.ts';
import { createDispatcher, type Dispatcher } from '../dispatch/dispatcher.ts';
import type { InFlightLimiter } from '../dispatch/in-flight-limiter.ts';
import type { StartWorkflow } from '../dispatch/workflow-starter.ts';
import type { ProfileLookup } from '../profiles/profile-lookup.ts';
import type { TemporalGateway } from '../temporal/gateway.ts';
import type { TemporalSupervisor } from '../temporal/supervisor.ts';
import type { CachedWorkflowLinks } from '../temporal/workflow-links.ts';
import { CONNECTIONS_PER_HOST, type SharedServices } from './shared-services.ts';

export type Dispatch = { dispatcher: Dispatcher; close(): Promise<void> };

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
  const stopListening = notifications.listen('posthorn_claims', dispatcher.recordClaimed);
  const reconciler = startReconciler(shared, temporal, dispatcher);
  const retention = createRetention({ pool: pools.main, ageMs: config.retentionMs, onFailure });
  return {
    dispatcher,
    async close() {
      stopListening();
      await Promise.all([reconciler.close(), dispatcher.close(), retention.close()]);
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

function startReconciler(
  shared: SharedServices,
  temporal: TemporalSupervisor,
  dispatcher: Dispatcher,
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
      await sweepEndpointStates(
        { pool: pools.main, onReleased: dispatcher.poll, onFailure: logHoldingFailure(shared) },
        plansByProfile(profiles),
        ageMs,
      );
    },
    onReleased: dispatcher.poll,
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
    onLeadershipChange: (leads) => {
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

const plansByProfile = ({ shipped }: ProfileLookup): Map<string, string[] | null> =>
  new Map(shipped.names().map((name) => [name, shipped.get(name)?.plans ?? null]));

/** For a signal to a workflow that failed. */
export const logSignalFailure =
  ({ log }: SharedServices) =>
  (error: unknown): void =>
    log.warn({ err: error }, 'a signal was not delivered; the reconciler sends it again');

/** For held deliveries that could not be updated after their endpoint changed. */
export const logHoldingFailure =
  ({ log }: SharedServices) =>
  (error: unknown): void =>
    log.warn(
      { err: error },
      'held deliveries do not match the state of their endpoint yet; the next sweep tries again',
    );
