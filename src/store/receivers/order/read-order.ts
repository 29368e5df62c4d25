import { DELIVERY_COLUMNS, type Delivery } from '../../deliveries/delivery-reads.ts';
import type { Queryable } from '../../postgres/database.ts';
import { headOf } from './order.ts';

/** The count of what waits ends here: the queue of an endpoint that was away for days may be millions long. */
export const MAX_BEHIND = 1_000;

const READ_ORDER = `
  SELECT ${DELIVERY_COLUMNS}, behind.n AS behind
  FROM (${headOf('$1', '*')}) AS d
  CROSS JOIN (
    SELECT count(*)::int - 1 AS n FROM (
      SELECT FROM deliveries WHERE receiver = $1 AND in_order
      LIMIT ${MAX_BEHIND} + 1
    ) AS open
  ) AS behind`;

/** The delivery whose turn it is at an ordered endpoint, and how many are behind it, at most MAX_BEHIND. */
export type Order = { head: Delivery | null; behind: number };

export async function readOrder(db: Queryable, endpointId: string): Promise<Order> {
  const { rows } = await db.query<Delivery & { behind: number }>({
    name: 'read-order',
    text: READ_ORDER,
    values: [endpointId],
  });
  const first = rows[0];
  if (!first) return { head: null, behind: 0 };
  const { behind, ...head } = first;
  return { head, behind };
}
