import { createActivities } from '../../activities/deliver-activities.ts';
import { createJobActivities } from '../../activities/recover-activities.ts';
import type { Activities, JobActivities } from '../../workflows/contract.ts';
import {
  type AttemptEngine,
  type AttemptEngineDependencies,
  createAttemptEngine,
} from '../attempts/attempt-engine.ts';
import { type AttemptLimiter, createAttemptLimiter } from '../attempts/attempt-limiter.ts';
import { createClaimReleaser } from '../attempts/claim-releaser.ts';
import { createEventBodies } from '../attempts/event-bodies.ts';
import { createPrepareRequest } from '../attempts/prepare-request.ts';
import { createReceiverMonitor, type ReceiverMonitor } from '../attempts/receiver-monitor.ts';
import { createRecorder, type Recorder } from '../attempts/recording/recorder.ts';
import { createTlsIdentities } from '../attempts/tls-identities.ts';
import { createTraceAttempt } from '../attempts/trace-attempt.ts';
import { createUndeliverableReporter } from '../attempts/undeliverable-reporter.ts';
import { createAuthorizedOutbound } from '../egress/oauth/authorized-outbound.ts';
import { createOutbound } from '../egress/outbound.ts';
import type { ProxyStatus } from '../egress/proxy/proxy-health.ts';
import { createFairSemaphore } from '../limits/fair-semaphore.ts';
import { createListenerWire } from '../listeners/listener-wire.ts';
import { isListenerUrl } from '../policy/listener-url.ts';
import { createJobEngine } from '../recoveries/job-engine.ts';
import { createCachingSecretBox } from '../secrets/secret-cache.ts';
import { readBody } from '../store/deliveries/claims/claim-deliveries.ts';
import { markHealthy, markSlow } from '../store/receivers/gates/slow-receivers.ts';
import type { TemporalGateway } from '../temporal/gateway.ts';
import { createObservedProxy, trustedAuthorities } from './egress-proxy.ts';
import { logSignalFailure } from './log-signal-failure.ts';
import { createReceiverEffects } from './receiver-effects.ts';
import { CONNECTIONS_PER_HOST, type SharedServices } from './shared-services.ts';
import { turnTokens } from './turn-tokens.ts';

/** Thousands of receivers can become slow in the same second; marking them must not use up the pool. */
const MAX_CONCURRENT_MARKS = 2;

export type WorkerRole = {
  activities: Activities & JobActivities;
  engine: AttemptEngine;
  limiter: AttemptLimiter;
  recorder: Pick<Recorder, 'flushIfMany'>;
  /** Undefined if requests to receivers go through no proxy. */
  proxyStatus(): ProxyStatus | undefined;
  close(): Promise<void>;
};

/** The activities of a worker, and the connections to receivers that they use. */
export function createWorkerRole(shared: SharedServices, gateway: () => TemporalGateway | null): WorkerRole {
  const { config, log, metrics, pools, notifications, clock, profiles, heartbeats, onFailure } = shared;
  const certificateAuthorities = trustedAuthorities(config);
  const proxy = createObservedProxy(shared, certificateAuthorities);
  const outbound = createOutbound({
    guard: shared.guard,
    ...(proxy && { proxy }),
    ...(certificateAuthorities && { certificateAuthorities }),
    maxConnectionsPerHost: CONNECTIONS_PER_HOST,
    maxSockets: shared.sockets.outbound,
    userAgent: config.userAgent,
    now: clock.now,
  });
  const authorizedOutbound = createAuthorizedOutbound({
    outbound,
    now: clock.now,
    onTokenRequest: ({ outcome, durationMs }) => {
      metrics.tokenRequests.inc({ outcome });
      metrics.tokenRequestDuration.observe(durationMs / 1000);
    },
  });
  const listenerWire = createListenerWire({
    db: pools.main,
    notifications,
    box: shared.secretBox,
    userAgent: config.userAgent,
    now: clock.now,
    onFailure,
  });
  const receiverMonitor = createLoggedReceiverMonitor(shared);
  const logUndeliverable = createUndeliverableReporter({
    db: pools.main,
    profiles,
    report: ({ id, eventId, endpointId, projectId }, label) =>
      log.info(
        { deliveryId: id, eventId, endpointId, projectId, label },
        'the last attempt of a delivery failed',
      ),
    onFailure,
  });
  const recorder = createRecorder({
    pool: pools.record,
    onRecorded: (projectIds) => notifications.notify('posthorn_outcomes', projectIds),
    onUndeliverable: logUndeliverable,
    effects: createReceiverEffects(shared),
    onFailure: (error, deliveryId) =>
      log.error({ err: error, deliveryId }, 'an attempt could not be recorded unchanged'),
  });
  const onAttemptFailure = (error: unknown, deliveryId: string | null) =>
    log.error({ err: error, deliveryId }, 'a step of an attempt failed inside Posthorn');
  const releaser = createClaimReleaser({ pool: pools.release, onFailure: onAttemptFailure });
  const limiter = createAttemptLimiter({ maxConcurrent: shared.attemptSlots });
  metrics.addReadings({ attempts: limiter.stats });

  const engine = createAttemptEngine({
    pool: pools.main,
    processId: heartbeats.idOrThrow,
    releasePool: pools.release,
    limiter,
    bodies: createEventBodies((projectId, eventId) => readBody(pools.main, projectId, eventId)),
    releaser,
    outbound: {
      post: (request) => (isListenerUrl(request.url) ? listenerWire : authorizedOutbound).post(request),
    },
    recorder,
    receiverMonitor,
    prepare: createPrepareRequest({
      profiles,
      box: createCachingSecretBox(shared.secretBox),
      tlsIdentities: createTlsIdentities({
        db: pools.main,
        box: shared.secretBox,
        extraAuthorities: config.extraAuthorities ?? [],
      }),
      clock,
    }),
    onOutcomes: (projectIds) => notifications.notify('posthorn_outcomes', projectIds),
    onClaimed: (owner) => notifications.notify('posthorn_claims', [owner]),
    onTurnEnded: (turn) => notifications.wake('posthorn_turns', turnTokens([turn])),
    ...attemptObservers(shared),
    ...traces(shared),
    onUndeliverable: logUndeliverable,
    onFailure: onAttemptFailure,
    maxWorkflowWaitMs: config.maxWorkflowWaitMs,
    random: Math.random,
    now: clock.now,
  });

  const jobEngine = createJobEngine({
    pool: pools.main,
    onOutcomes: (projectId) => notifications.notify('posthorn_outcomes', [projectId]),
    signalCancelled: async ({ owner, ids }) => {
      await gateway()?.send(owner, 'cancel', ids).catch(logSignalFailure(shared));
    },
  });
  const onActivityFailure = (error: unknown) =>
    log.warn({ err: error }, 'an activity failed; Temporal retries it');

  return {
    engine,
    limiter,
    recorder,
    proxyStatus: () => proxy?.status(),
    activities: {
      ...createActivities(engine, onActivityFailure),
      ...createJobActivities(jobEngine, onActivityFailure),
    },
    async close() {
      receiverMonitor.close();
      releaser.close();
      recorder.close();
      await Promise.all([outbound.close(), listenerWire.close()]);
    },
  };
}

function createLoggedReceiverMonitor({ log, pools, onFailure }: SharedServices): ReceiverMonitor {
  const markFairly = createFairSemaphore(MAX_CONCURRENT_MARKS, 1);
  return createReceiverMonitor({
    onSlow: (receiver, projectId, cause) => {
      log.info(
        { endpointId: endpointIdOf(receiver), projectId, cause },
        'a receiver is slow; its deliveries queue separately',
      );
      markFairly(projectId, () => markSlow(pools.main, receiver, projectId, cause)).catch(onFailure);
    },
    onHealthy: (receiver, projectId) => {
      log.info({ endpointId: endpointIdOf(receiver), projectId }, 'a receiver responds quickly again');
      markFairly(projectId, () => markHealthy(pools.main, receiver, projectId)).catch(onFailure);
    },
  });
}

/** Null for a target without an endpoint: its receiver is identified by its URL, which must not be logged. */
const endpointIdOf = (receiver: string): string | null => (receiver.startsWith('ep_') ? receiver : null);

/** Without traces, attempts read and send nothing about them. */
const traces = ({
  tracing,
}: SharedServices): Pick<AttemptEngineDependencies, 'readsTrace' | 'traceAttempt'> =>
  tracing
    ? { readsTrace: true, traceAttempt: createTraceAttempt(tracing.tracer, tracing.sendsTraceparent) }
    : {};

/** Counts attempts, and logs the claims that a running process has lost track of. */
function attemptObservers({
  log,
  metrics,
  clock,
}: SharedServices): Pick<AttemptEngineDependencies, 'onAttempt' | 'onUnknown'> {
  return {
    onAttempt: (claim, result) => {
      metrics.attempts.inc({ outcome: result.outcome });
      metrics.attemptDuration.observe(result.durationMs / 1000);
      metrics.endpoints?.observe(claim, result.outcome, result.durationMs);
      const latency = (clock.now() - claim.createdAt.getTime()) / 1000;
      if (claim.attempts === 0) metrics.deliveryLatency.observe({ until: 'first_attempt' }, latency);
      if (result.outcome === 'delivered') metrics.deliveryLatency.observe({ until: 'delivered' }, latency);
    },
    onUnknown: (count, wedged) => {
      metrics.attempts.inc({ outcome: 'unknown' }, count);
      for (const { id, processId, claimAgeMs } of wedged)
        log.error(
          { deliveryId: id, processId, claimAgeMs },
          'a running process neither recorded nor released a claim within the longest time an attempt can take; the attempt becomes unknown',
        );
    },
  };
}
