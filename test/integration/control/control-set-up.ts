import type { Receiver } from '../../receivers/receiver.ts';
import type { Event, TestPosthorn } from '../../set-up/test-posthorn.ts';

/** Posts events one after the other, so that their order is known, and returns their ids. */
export async function postInOrder(posthorn: TestPosthorn, type: string, count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let n = 0; n < count; n++) ids.push((await posthorn.post({ type, data: { n } })).id);
  return ids;
}

/** Posts events together, and returns their ids. */
export async function postBatch(posthorn: TestPosthorn, type: string, count: number): Promise<string[]> {
  const events = Array.from({ length: count }, () => ({ type, data: {} }));
  const { items } = await posthorn.call<{ items: Event[] }>('POST', '/v1/events/batch', { events });
  return items.map(({ id }) => id);
}

/**
 * When the last attempts of events of a type might start, the earliest first, in epoch milliseconds. A busy machine starts and
 * receives them later. Deliveries that needed no permit are left out.
 */
export async function permitsOf(posthorn: TestPosthorn, type: string): Promise<number[]> {
  const { rows } = await posthorn.database.pool.query<{ at: Date }>(
    `SELECT permitted_at AS at FROM deliveries d JOIN events e ON e.project_id = d.project_id AND e.id = d.event_id
     WHERE e.type = $1 AND permitted_at IS NOT NULL ORDER BY permitted_at`,
    [type],
  );
  return rows.map(({ at }) => at.getTime());
}

export const receivedIds = ({ requests }: Receiver): string[] =>
  requests.map(({ headers }) => headers['webhook-id'] as string);

/** How far the order of arrival differs from `ids`: requests that start within half a second may overtake each other. */
export function displacement(receiver: Receiver, ids: string[]): number {
  return Math.max(...receivedIds(receiver).map((id, index) => Math.abs(ids.indexOf(id) - index)));
}

/** Whether something restricts the receiver. */
export const hasGate = async (posthorn: TestPosthorn, receiver: string): Promise<boolean> =>
  (await posthorn.database.pool.query('SELECT FROM receiver_gates WHERE receiver = $1', [receiver]))
    .rowCount === 1;
