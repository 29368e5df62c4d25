import type pg from 'pg';
import { eventually } from '../../set-up/eventually.ts';
import type { ApiClient } from './api-client.ts';
import { type EventStream, type OfferedEvent, startEventStream } from './event-stream.ts';
import { type AuditFindings, auditDeliveries, readDeliveryRecords, readUnsettledEvents } from './ledger.ts';
import { isDead, startStreamReceiver } from './stream-receiver.ts';

export type MixedStream = EventStream & {
  /** Waits until what was accepted by then is delivered wherever the receiver takes it; throws after 40 s. */
  untilDueIsDelivered(pool: pg.Pool, restartedAt: Date): Promise<void>;
  /** Offers at least `count` more events, also while deliveries are behind; returns when these are acknowledged. */
  offerMore(count: number): Promise<void>;
  /** How many deliveries to endpoints that recover have arrived at least once. */
  arrived(): number;
  /** The receiver responds to nothing until the returned function is called. */
  holdResponses(): () => void;
  /** Offers no more events: an endless stream ends. */
  end(): void;
  /** Ends the stream, waits until everything has been acknowledged and has settled, and compares the books. */
  audit(pool: pg.Pool): Promise<AuditFindings & { unbalanced: unknown[] }>;
  close(): Promise<void>;
};

export const EVENTS = 300;

/** Two retries, each travelling in its workflow's common activity, since no delay is below the timeout. */
const POLICY = { delays: ['3s', '3s'], timeout: '3s' };
/** What goes on after a restart may fail then, and has two retries of 3 s to come. */
const SETTLED_WITHIN_MS = 120_000;
const GOES_ON_WITHIN_MS = 40_000;
/** Of each of the eight producers of an endless stream. */
const PAUSE_MS = 400;
/** Deliveries of an endless stream that have yet to arrive: more than these would only show how slow the machine is. */
const MAX_AHEAD = 300;

const ENDPOINTS: Record<string, string> = {
  '/steady/0': 'steady',
  '/flaky/0': 'flaky',
  ...Object.fromEntries([1, 2, 3, 4, 5, 6, 7].map((n) => [`/steady/${n}`, 'ten'])),
  '/flaky/8': 'ten',
  '/flaky/9': 'ten',
  '/dead/10': 'ten',
};

export type StreamOptions = {
  /** Used in turn. */
  apiUrls?: string[];
  /**
   * Offers events until it is ended, and not 300 as fast as they are accepted: some 20 a second at most, and none while more
   * than 300 deliveries have yet to arrive.
   */
  endless?: boolean;
  /**
   * Without the endpoint that always fails. An endless stream gives it more deliveries than it is sent while it fails, and
   * the audit would wait for them.
   */
  withoutDead?: boolean;
  /** Of an attempt; 3 s if not given. */
  timeout?: string;
  /** How long the audit waits for the last delivery. */
  settledWithinMs?: number;
};

/** A third of the events goes to a steady endpoint, a third to one that fails first, a third to ten of all kinds. */
export async function startMixedStream(
  api: ApiClient,
  {
    apiUrls = [api.url],
    endless = false,
    withoutDead = false,
    timeout = POLICY.timeout,
    settledWithinMs = SETTLED_WITHIN_MS,
  }: StreamOptions = {},
): Promise<MixedStream> {
  const receiver = await startStreamReceiver();
  const project = await api.newProject({ ...POLICY, timeout });
  const endpoints = Object.entries(ENDPOINTS).filter(([path]) => !withoutDead || !isDead(path));
  const fanOutOf = (id: string) => endpoints.filter(([, type]) => id.startsWith(type)).length;
  for (const [path, type] of endpoints) {
    await api.newEndpoint(project, receiver.origin + path, [type]);
  }
  let isEnded = false;
  const end = (): void => {
    isEnded = true;
  };
  const events = eventsOfAllKinds((n) => !isEnded && (endless || n < EVENTS));
  const arriving = endpoints.flatMap(([path, type]) => (isDead(path) ? [] : [type]));
  let maxAhead = MAX_AHEAD;
  const isAhead = (acknowledged: Set<string>): boolean => {
    let expected = 0;
    for (const id of acknowledged) expected += arriving.filter((type) => id.startsWith(type)).length;
    return !isEnded && expected - receiver.arrived() > maxAhead;
  };
  const pace = endless ? { pauseMs: PAUSE_MS, isAhead } : undefined;
  const stream = startEventStream(apiUrls, project.key, events, pace);
  return {
    ...stream,
    end,
    arrived: receiver.arrived,
    async offerMore(count) {
      maxAhead += count * endpoints.length;
      await stream.untilAcknowledged(stream.acknowledged.size + count);
    },
    holdResponses: receiver.hold,
    async untilDueIsDelivered(pool, restartedAt) {
      const { rows } = await pool.query<{ id: string }>(ACCEPTED_FOR_STEADY, [restartedAt]);
      const ids = rows.map(({ id }) => id);
      const waitMs = restartedAt.getTime() + GOES_ON_WITHIN_MS - Date.now();
      await eventually(async () => (await pool.query(NOT_DELIVERED, [ids])).rowCount === 0, waitMs);
    },
    async audit(pool) {
      if (endless) end();
      await stream.done;
      await eventually(async () => (await pool.query(STILL_OPEN)).rowCount === 0, settledWithinMs).catch(
        async (error) => {
          throw new Error(`${error.message}\n${await describeOpen(pool)}`);
        },
      );
      const findings = auditDeliveries({
        acknowledged: new Map([...stream.acknowledged].map((id) => [id, fanOutOf(id)])),
        receivedRequests: receiver.receivedRequests,
        deliveries: await readDeliveryRecords(pool),
      });
      return { ...findings, unbalanced: await readUnsettledEvents(pool) };
    },
    async close() {
      end();
      await stream.stop();
      await receiver.close();
    },
  };
}

function* eventsOfAllKinds(goesOn: (n: number) => boolean): Generator<OfferedEvent> {
  for (let n = 0; goesOn(n); n += 1) {
    const type = ['steady', 'flaky', 'ten'][n % 3]!;
    yield { id: `${type}-${n}`, type, data: { n } };
  }
}

const ACCEPTED_FOR_STEADY = `
  SELECT d.id FROM deliveries d JOIN endpoints e ON e.id = d.endpoint_id
  WHERE e.url LIKE '%/steady/%' AND d.created_at < $1`;

const NOT_DELIVERED = `SELECT FROM deliveries WHERE id = ANY ($1::text[]) AND status <> 'delivered' LIMIT 1`;

const OPEN_GROUPS = `
  SELECT status, step, lane, count(*)::int AS count, count(DISTINCT d.owner)::int AS workflows,
         count(d.claimed_at)::int AS claimed, min(d.due_at) AS "firstDueAt", max(d.claimed_at) AS "lastClaimedAt", now()
  FROM deliveries d WHERE status NOT IN ('delivered', 'undeliverable', 'cancelled')
  GROUP BY status, step, lane`;
const PROCESSES = `SELECT role, pid, last_heartbeat_at, heartbeats_continuous_since, lost_at FROM processes`;

/** What is still open and which processes there are, as lines of JSON. */
async function describeOpen(pool: pg.Pool): Promise<string> {
  const rows = [...(await pool.query(OPEN_GROUPS)).rows, ...(await pool.query(PROCESSES)).rows];
  return rows.map((row) => JSON.stringify(row)).join('\n');
}

const STILL_OPEN = `
  SELECT FROM deliveries WHERE status NOT IN ('delivered', 'undeliverable', 'cancelled') LIMIT 1`;
