import type pg from 'pg';
import { type AttemptEngine, createAttemptEngine } from '../../../src/attempts/attempt-engine.ts';
import { type AttemptLimiter, createAttemptLimiter } from '../../../src/attempts/attempt-limiter.ts';
import { type ClaimReleaser, createClaimReleaser } from '../../../src/attempts/claim-releaser.ts';
import { createEventBodies } from '../../../src/attempts/event-bodies.ts';
import { createPrepareRequest, type PrepareRequest } from '../../../src/attempts/prepare-request.ts';
import { createReceiverMonitor } from '../../../src/attempts/receiver-monitor.ts';
import { createRecorder } from '../../../src/attempts/recording/recorder.ts';
import { createTlsIdentities } from '../../../src/attempts/tls-identities.ts';
import { createAddressGuard } from '../../../src/egress/addresses/address-guard.ts';
import { createOutbound, type Outbound, type OutboundOptions } from '../../../src/egress/outbound.ts';
import type { DeliveryStep } from '../../../src/policy/delivery-result.ts';
import { createProfileLookup } from '../../../src/profiles/profile-lookup.ts';
import { createShippedProfiles } from '../../../src/profiles/shipped/registry.ts';
import type { SecretBox } from '../../../src/secrets/secret-box.ts';
import { readBody } from '../../../src/store/deliveries/claims/claim-deliveries.ts';
import { storedProfiles } from '../../../src/store/projects/profiles.ts';
import { PROCESS_CLOCK } from '../../set-up/process-clock.ts';
import type { SeededStore } from '../../store/seed.ts';

export type TestEngine = AttemptEngine & {
  /** What the receiver monitor reported: `slow ep_…` and `healthy ep_…`. */
  receiverReports: string[];
  /** Workflows that `onClaimed` was called with. */
  claimedWorkflows: string[];
  failures: unknown[];
  limiter: AttemptLimiter;
  slotsInUse(): number;
  close(): Promise<void>;
};

export type TestEngineOptions = NonNullable<Parameters<typeof startTestEngine>[2]>;

/** The attempt engine of a worker on real sockets and a real Postgres, without Temporal. */
export function startTestEngine(
  pool: pg.Pool,
  box: SecretBox,
  {
    connectionsPerHost: maxConnectionsPerHost = 32,
    maxConcurrent = 1_000,
    processId = 'prc_engine',
    releaser,
    onBodyRead = () => {},
    wrapPrepare = (prepare) => prepare,
    wrapPost = (post) => post,
    outboundOptions = {},
  }: {
    connectionsPerHost?: number;
    maxConcurrent?: number;
    processId?: string;
    releaser?: ClaimReleaser;
    /** Called before a large body is read. */
    onBodyRead?: () => void | Promise<void>;
    /** For faults that cannot be staged. */
    wrapPrepare?: (prepare: PrepareRequest) => PrepareRequest;
    wrapPost?: (post: Outbound['post']) => Outbound['post'];
    outboundOptions?: Partial<OutboundOptions>;
  } = {},
): TestEngine {
  const receiverReports: string[] = [];
  const claimedWorkflows: string[] = [];
  const failures: unknown[] = [];
  const guard = createAddressGuard(['127.0.0.0/8']);
  const outbound = createOutbound({ guard, maxConnectionsPerHost, ...outboundOptions });
  const receiverMonitor = createReceiverMonitor({
    onSlow: (receiver) => receiverReports.push(`slow ${receiver}`),
    onHealthy: (receiver) => receiverReports.push(`healthy ${receiver}`),
  });
  const onFailure = (error: unknown) => void failures.push(error);
  const limiter = createAttemptLimiter({ maxConcurrent });
  const profiles = createProfileLookup(createShippedProfiles(), storedProfiles(pool));
  const recorder = createRecorder({
    pool,
    onRecorded: () => {},
    onUndeliverable: () => {},
    effects: { disabled: () => {}, turnsEnded: () => {}, restricted: () => {}, succeeded: () => {} },
    onFailure,
  });
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
    outbound: { ...outbound, post: wrapPost(outbound.post) },
    receiverMonitor,
    recorder,
    prepare: wrapPrepare(
      createPrepareRequest({
        profiles,
        box,
        tlsIdentities: createTlsIdentities({ db: pool, box, extraAuthorities: [] }),
        clock: PROCESS_CLOCK,
      }),
    ),
    onOutcomes: () => {},
    onClaimed: (owner) => claimedWorkflows.push(owner),
    onTurnEnded: () => {},
    onAttempt: () => {},
    onUnknown: () => {},
    onUndeliverable: () => {},
    onFailure,
    maxWorkflowWaitMs: 3 * 3_600_000,
    now: Date.now,
    random: () => 0,
  });
  return {
    ...engine,
    receiverReports,
    claimedWorkflows,
    failures,
    limiter,
    slotsInUse: () => limiter.stats().inFlight,
    async close() {
      receiverMonitor.close();
      recorder.close();
      await outbound.close();
    },
  };
}

export const firstSteps = (ids: string[]): DeliveryStep[] => ids.map((id) => ({ id, step: 0 }));

/** Accepts an event for one endpoint per URL, owned by the workflow `mine`. Returns the deliveries in order of the URLs. */
export async function deliverToEach(store: SeededStore, urls: string[]): Promise<string[]> {
  const endpoints: string[] = [];
  for (const url of urls) endpoints.push(await store.newEndpoint({ url }));
  const { event } = await store.acceptEvent('mine');
  const { rows } = await store.pool.query<{ id: string; endpoint_id: string }>(
    'SELECT id, endpoint_id FROM deliveries WHERE event_id = $1',
    [event],
  );
  return endpoints.map((endpoint) => rows.find((row) => row.endpoint_id === endpoint)!.id);
}

/** Accepts `count` events for one endpoint, which has a connection pool of its own. Returns the deliveries. */
export async function deliverToOne(store: SeededStore, url: string, count: number): Promise<string[]> {
  await store.newEndpoint({ url });
  const ids: string[] = [];
  for (let n = 0; n < count; n++) ids.push(...(await store.acceptEvent('mine')).ids);
  return ids;
}

/** Holds a lock in a transaction of its own until the returned function is called. */
export async function holdLock(
  pool: pg.Pool,
  statement: string,
  values: unknown[] = [],
): Promise<() => Promise<void>> {
  const client = await pool.connect();
  await client.query('BEGIN');
  await client.query(statement, values);
  return async () => {
    await client.query('ROLLBACK');
    client.release();
  };
}

export const lockDelivery = (pool: pg.Pool, id: string): Promise<() => Promise<void>> =>
  holdLock(pool, 'SELECT FROM deliveries WHERE id = $1 FOR UPDATE', [id]);

export const deadlineIn = (ms: number): number => performance.now() + ms;
