import { SCHEDULE_OWNER } from '../../../policy/owner.ts';
import { allowanceOf, lostAfter, MAX_LOST_MS, PERMIT_VALID_MS, startInMs } from '../../../policy/pacing.ts';
import { assignedDeliveries } from '../../deliveries/assigned-deliveries.ts';
import type { DeliveryDetails } from '../../deliveries/claims/delivery-details.ts';
import type { Queryable } from '../../postgres/database.ts';
import { headsOf } from '../order/order.ts';
import { lockGatesOf } from './gates.ts';

type Unpermitted = Pick<DeliveryDetails, 'id' | 'receiver' | 'lane' | 'wasPermitted'>;

// What is under way, or about to start with a permit of its own.
const COUNT_UNDER_WAY = `
  SELECT receiver, count(*)::int AS n
  FROM (${assignedDeliveries('d.id, d.receiver, d.owner, d.claimed_at, d.permitted_at', '<= now()')}) AS assigned
  WHERE owner <> '${SCHEDULE_OWNER}' AND receiver = ANY ($1::text[]) AND id <> ALL ($2::text[])
    AND (claimed_at IS NOT NULL OR permitted_at > now() - interval '${PERMIT_VALID_MS} milliseconds')
  GROUP BY receiver`;

/** Counts the attempts at these receivers, without these deliveries. */
async function countUnderWay(
  db: Queryable,
  receivers: string[],
  except: string[],
): Promise<Map<string, number>> {
  if (receivers.length === 0) return new Map();
  const { rows } = await db.query<{ receiver: string; n: number }>(COUNT_UNDER_WAY, [receivers, except]);
  return new Map(rows.map(({ receiver, n }) => [receiver, n]));
}

const RENEW = `
  WITH renewed AS (
    UPDATE deliveries d SET permitted_at = $1::timestamptz + w.in_ms * interval '1 millisecond'
    FROM unnest($2::text[], $3::float8[]) AS w (id, in_ms)
    WHERE d.id = w.id
  )
  UPDATE receiver_gates gate
  SET next_start_at = $1::timestamptz + w.in_ms * interval '1 millisecond', lost_ms = w.lost_ms
  FROM unnest($4::text[], $5::float8[], $6::float8[]) AS w (receiver, in_ms, lost_ms)
  WHERE gate.receiver = w.receiver`;

// An isolated delivery returns to a queue that knows no gates, so it is due again when its turn may have come.
const GIVE_BACK = `
  UPDATE deliveries d
  SET owner = NULL, lane = CASE d.lane WHEN 'isolated' THEN 'isolated' ELSE 'restricted' END,
      due_at = CASE d.lane WHEN 'isolated' THEN greatest(d.due_at, $1::timestamptz + w.in_ms * interval '1 millisecond')
                           ELSE d.due_at END
  FROM unnest($2::text[], $3::float8[]) AS w (id, in_ms)
  WHERE d.id = w.id`;

/** An isolated delivery is tried again after this time, if nothing else says when. */
const ISOLATED_AGAIN_MS = 1_000;

/**
 * Decides about deliveries that were about to be attempted without a valid permit, and are locked. A permit that ran out
 * on the way is renewed if the gate lets another request through now: otherwise, behind on its work, Posthorn would never
 * reach the receiver. All others are given back to the queue in Postgres. Returns the ids of those with a new permit.
 */
export async function renewOrGiveBack(db: Queryable, deliveries: Unpermitted[]): Promise<Set<string>> {
  const receivers = [...new Set(deliveries.map(({ receiver }) => receiver))];
  const { at, gates } = await lockGatesOf(db, receivers, { skipLocked: false });
  const ordered = receivers.filter((receiver) => gates.get(receiver)?.ordered);
  const heads = ordered.length > 0 ? await headsOf(db, ordered) : new Set();
  const limited = receivers.filter((receiver) => {
    const gate = gates.get(receiver);
    return gate && (gate.concurrency !== null || gate.ordered);
  });
  const underWay = await countUnderWay(
    db,
    limited,
    deliveries.map(({ id }) => id),
  );
  const renewed: { id: string; inMs: number }[] = [];
  const returned: { id: string; inMs: number }[] = [];
  const passed: { receiver: string; nextInMs: number; lostMs: number }[] = [];
  for (const [receiver, ofReceiver] of Map.groupBy(deliveries, (delivery) => delivery.receiver)) {
    const gate = gates.get(receiver) ?? null;
    const { atOnce, permits, ...starts } = allowanceOf(gate, Number.POSITIVE_INFINITY, MAX_LOST_MS);
    const mayRenew = (one: Unpermitted): boolean =>
      (one.wasPermitted || one.lane === 'isolated') &&
      gate?.notBefore?.reason !== 'cooldown' &&
      (!gate?.ordered || heads.has(one.id));
    const most = Math.min(permits, atOnce - (underWay.get(receiver) ?? 0));
    let given = 0;
    for (const one of ofReceiver) {
      const inMs = startInMs(starts, given);
      if (given >= most || !mayRenew(one)) {
        returned.push({ id: one.id, inMs: Math.max(inMs, gate?.notBefore?.inMs ?? 0, ISOLATED_AGAIN_MS) });
        continue;
      }
      renewed.push({ id: one.id, inMs });
      given += 1;
    }
    if (starts.intervalMs > 0 && given > 0)
      passed.push({ receiver, nextInMs: startInMs(starts, given), lostMs: lostAfter(starts, given) });
  }
  if (renewed.length > 0)
    await db.query(RENEW, [
      at,
      ...[renewed.map(({ id }) => id), renewed.map(({ inMs }) => inMs)],
      passed.map(({ receiver }) => receiver),
      passed.map(({ nextInMs }) => nextInMs),
      passed.map(({ lostMs }) => lostMs),
    ]);
  if (returned.length > 0)
    await db.query(GIVE_BACK, [at, returned.map(({ id }) => id), returned.map(({ inMs }) => inMs)]);
  return new Set(renewed.map(({ id }) => id));
}
