import { createDispatcher, type Dispatcher } from '../dispatch/dispatcher.ts';
import type { InFlightLimiter } from '../dispatch/in-flight-limiter.ts';
import type { StartWorkflow } from '../dispatch/workflow-starter.ts';
import type { TemporalGateway } from '../temporal/gateway.ts';
import type { TemporalSupervisor } from '../temporal/supervisor.ts';
import type { CachedWorkflowLinks } from '../temporal/workflow-links.ts';
import { CONNECTIONS_PER_HOST, type SharedServices } from './shared-services.ts';
import { turnsOf } from './turn-tokens.ts';

export type DispatchDependencies = {
  shared: SharedServices;
  temporal: TemporalSupervisor;
  links: CachedWorkflowLinks;
  inFlightLimiter: InFlightLimiter;
};

/** Starts the dispatcher, which assigns deliveries to workflows and starts those workflows. */
export function startDispatch(deps: DispatchDependencies): Dispatcher {
  const { shared, temporal, links, inFlightLimiter } = deps;
  const { config, log, metrics, pools, notifications, heartbeats } = shared;
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
  const stopListening = [
    notifications.listen('posthorn_claims', dispatcher.recordClaimed),
    notifications.listen('posthorn_turns', (tokens) => dispatcher.pollTurns(turnsOf(tokens))),
  ];
  return {
    ...dispatcher,
    async close() {
      for (const stop of stopListening) stop();
      await dispatcher.close();
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
