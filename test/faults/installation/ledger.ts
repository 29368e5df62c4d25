import type pg from 'pg';
import type { ReceivedRequest } from '../../receivers/receiver.ts';
import { eventually } from '../../set-up/eventually.ts';

/** A request to the receiver, with the status of its response; null if it did not respond. */
export type AnsweredRequest = { event: string; url: string; status: number | null };

/** A delivery in the database, with its attempts in the order of their claims. */
export type DeliveryRecord = {
  event: string;
  url: string;
  status: string;
  counted: number;
  numbers: number[];
  outcomes: string[];
  resent: number;
};

export type AuditInput = {
  /** Ids of events that were accepted with 202, and the expected number of deliveries of each. */
  acknowledged: Map<string, number>;
  receivedRequests: AnsweredRequest[];
  deliveries: DeliveryRecord[];
};

/** Discrepancies between the three records, as texts that name the delivery, and the number of unnecessary requests. */
export type AuditFindings = {
  lost: string[];
  unexpected: string[];
  gaps: string[];
  /** Requests without an attempt, or attempts that should have a request and have none. */
  unexplained: string[];
  /**
   * Requests after the first that got a 2xx response. One that follows a timeout is not counted: the receiver of a busy
   * machine answered too late, and the attempt is recorded as such.
   */
  duplicates: number;
  /** Attempts with the outcome `unknown`. */
  unknown: number;
};

/** Outcomes of attempts that may have ended before a request reached the receiver. */
const MAY_HAVE_NO_REQUEST = new Set([
  'unknown',
  'blocked',
  'dns_failed',
  'connection_failed',
  'tls_failed',
  'token_failed',
]);

export const NO_DISCREPANCIES = { lost: [], unexpected: [], gaps: [], unexplained: [] };

/** Compares the acknowledged events, the received requests and the recorded attempts. */
export function auditDeliveries({ acknowledged, receivedRequests, deliveries }: AuditInput): AuditFindings {
  const keyOf = ({ event, url }: { event: string; url: string }) => `${event} at ${url}`;
  const received = Map.groupBy(receivedRequests, keyOf);
  const recorded = new Map(deliveries.map((delivery) => [keyOf(delivery), delivery]));
  const byEvent = Map.groupBy(deliveries, ({ event }) => event);
  const findings: AuditFindings = {
    lost: [],
    unexpected: [],
    gaps: [],
    unexplained: [],
    duplicates: 0,
    unknown: 0,
  };

  for (const [event, fanOut] of acknowledged) {
    const count = byEvent.get(event)?.length ?? 0;
    if (count !== fanOut) findings.lost.push(`${event} has ${count} deliveries of ${fanOut}`);
  }
  for (const key of received.keys()) if (!recorded.has(key)) findings.unexpected.push(key);

  for (const [key, { status, counted, numbers, outcomes, resent }] of recorded) {
    const requests = received.get(key) ?? [];
    const firstSuccess = requests.findIndex((request) => isSuccess(request.status));
    if (status === 'delivered' ? firstSuccess === -1 : status !== 'undeliverable') {
      findings.lost.push(`${key} is ${status} after ${requests.length} requests`);
    }
    if (firstSuccess !== -1) {
      const timeouts = outcomes.filter((outcome) => outcome === 'timeout').length;
      findings.duplicates += Math.max(0, requests.length - 1 - firstSuccess - timeouts);
    }
    if (counted !== numbers.length || numbers.some((number, index) => number !== index + 1)) {
      findings.gaps.push(`${key} counts ${counted} attempts and has ${numbers.join(', ')}`);
    }
    findings.unknown += outcomes.filter((outcome) => outcome === 'unknown').length;
    const max = outcomes.length + resent;
    const min = max - outcomes.filter((outcome) => MAY_HAVE_NO_REQUEST.has(outcome)).length;
    if (requests.length < min || requests.length > max) {
      findings.unexplained.push(`${key} got ${requests.length} requests for ${outcomes.join(', ')}`);
    }
  }
  return findings;
}

const isSuccess = (status: number | null): boolean => status !== null && status >= 200 && status < 300;

/** `origin` is the origin of the receiver, `status` that of its response. */
export const answeredRequest = (
  origin: string,
  { headers, path }: ReceivedRequest,
  status: number | null,
): AnsweredRequest => ({ event: String(headers['webhook-id']), url: origin + path, status });

const DELIVERY_RECORDS = `
  SELECT d.event_id AS event, coalesce(endpoint.url, event.target_url) AS url, d.status, d.attempts AS counted,
         array_remove(array_agg(a.number ORDER BY a.epoch), NULL) AS numbers,
         array_remove(array_agg(a.outcome ORDER BY a.epoch), NULL) AS outcomes,
         (count(*) FILTER (WHERE a.resent))::int AS resent
  FROM deliveries d
  JOIN events event ON event.project_id = d.project_id AND event.id = d.event_id
  LEFT JOIN endpoints endpoint ON endpoint.id = d.endpoint_id
  LEFT JOIN attempts a ON a.delivery_id = d.id
  GROUP BY d.id, endpoint.url, event.target_url`;

export async function readDeliveryRecords(pool: pg.Pool): Promise<DeliveryRecord[]> {
  return (await pool.query<DeliveryRecord>(DELIVERY_RECORDS)).rows;
}

const UNBALANCED = `
  SELECT e.id, e.status, e.open_count, count(o.seq)::int AS settled_outcomes
  FROM events e LEFT JOIN outcomes o ON o.project_id = e.project_id AND o.event_id = e.id AND o.kind = 'event.settled'
  WHERE e.delivery_count > 0
  GROUP BY e.project_id, e.id
  HAVING e.open_count <> 0 OR count(o.seq) <> 1`;

/** Events that have not settled, or that have not exactly one `event.settled` in the outcome stream. */
export async function readUnsettledEvents(pool: pg.Pool): Promise<unknown[]> {
  return (await pool.query(UNBALANCED)).rows;
}

const OPEN_CLAIMS = `SELECT count(*)::int AS open FROM deliveries WHERE claimed_at IS NOT NULL`;

/** The number of claimed deliveries, whose attempt is not recorded yet. */
export async function countInFlight(pool: pg.Pool): Promise<number> {
  return (await pool.query<{ open: number }>(OPEN_CLAIMS)).rows[0]!.open;
}

const UNDELIVERED = `SELECT FROM deliveries WHERE status <> 'delivered' LIMIT 1`;

export const untilAllDelivered = (pool: pg.Pool, timeoutMs: number): Promise<void> =>
  eventually(async () => (await pool.query(UNDELIVERED)).rowCount === 0, timeoutMs);
