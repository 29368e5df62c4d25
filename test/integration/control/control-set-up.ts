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

/** The largest number of requests within any `ms`. */
export function mostWithin({ requests }: Receiver, ms: number): number {
  const times = requests.map(({ receivedAt }) => receivedAt).sort((a, b) => a - b);
  return Math.max(...times.map((from, i) => times.slice(i).filter((time) => time < from + ms).length));
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
