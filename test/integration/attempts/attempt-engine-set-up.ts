import type pg from 'pg';
import { type AttemptEngine, createAttemptEngine } from '../../../src/attempts/attempt-engine.ts';
import { createAttemptLimiter } from '../../../src/attempts/attempt-limiter.ts';
import { type ClaimReleaser, createClaimReleaser } from '../../../src/attempts/claim-releaser.ts';
import { createEventBodies } from '../../../src/attempts/event-bodies.ts';
import { createPrepareRequest } from '../../../src/attempts/prepare-request.ts';
import { createReceiverWatch } from '../../../src/attempts/receiver-watch.ts';
import { createRecorder } from '../../../src/attempts/recording/recorder.ts';
import { createAddressGuard } from '../../../src/egress/addresses/address-guard.ts';
import { createOutbound } from '../../../src/egress/outbound.ts';
import { createProfileLookup } from '../../../src/profiles/profile-lookup.ts';
import { createBuiltInProfiles } from '../../../src/profiles/shipped/registry.ts';
import type { SecretBox } from '../../../src/secrets/secret-box.ts';
import { readBody } from '../../../src/store/deliveries/claims/claim-deliveries.ts';
import { PROCESS_CLOCK } from '../../../src/store/postgres/database-clock.ts';
import { storedProfiles } from '../../../src/store/projects/profiles.ts';

export type TestEngine = AttemptEngine & {
  /** What the watch told: `slow ep_…` and `healthy ep_…`. */
  watchReports: string[];
  /** Workflows whose claims were made known. */
  claimedWorkflows: string[];
  failures: unknown[];
  slotsInUse(): number;
  close(): Promise<void>;
};

/** The attempt engine as a worker has it, on real sockets and a real Postgres, without Temporal. */
export function startTestEngine(
  pool: pg.Pool,
  box: SecretBox,
  {
    connectionsPerHost: maxConnectionsPerHost = 32,
    maxConcurrent = 1_000,
    processId = 'prc_engine',
    releaser,
    onBodyRead = () => {},
  }: {
    connectionsPerHost?: number;
    maxConcurrent?: number;
    processId?: string;
    releaser?: ClaimReleaser;
    /** Before a large body is read. */
    onBodyRead?: () => void | Promise<void>;
  } = {},
): TestEngine {
  const watchReports: string[] = [];
  const claimedWorkflows: string[] = [];
  const failures: unknown[] = [];
  const guard = createAddressGuard(['127.0.0.0/8']);
  const outbound = createOutbound({ guard, maxConnectionsPerHost });
  const watch = createReceiverWatch({
    onSlow: (receiver) => watchReports.push(`slow ${receiver}`),
    onHealthy: (receiver) => watchReports.push(`healthy ${receiver}`),
  });
  const onFailure = (error: unknown) => void failures.push(error);
  const limiter = createAttemptLimiter({ maxConcurrent });
  const profiles = createProfileLookup(createBuiltInProfiles(), storedProfiles(pool));
  const engine = createAttemptEngine({
    pool,
    processId: () => processId,
    releasePool: pool,
    limiter,
    bodies: createEventBodies(async (projectId, eventId) => {
      await onBodyRead();
      return readBody(pool, projectId, eventId);
    }),
    releaser: releaser ?? createClaimReleaser({ pool, onFailure }),
    outbound,
    watch,
    recorder: createRecorder({ pool, onRecorded: () => {}, onFailure }),
    prepare: createPrepareRequest({ profiles, box, clock: PROCESS_CLOCK }),
    onOutcomes: () => {},
    onClaimed: (owner) => claimedWorkflows.push(owner),
    onAttempt: () => {},
    onUnknown: () => {},
    onUndeliverable: () => {},
    onFailure,
    now: Date.now,
    random: () => 0,
  });
  return {
    ...engine,
    watchReports,
    claimedWorkflows,
    failures,
    slotsInUse: () => limiter.stats().inFlight,
    async close() {
      watch.close();
      await outbound.close();
    },
  };
}

export const deadlineIn = (ms: number): number => performance.now() + ms;
