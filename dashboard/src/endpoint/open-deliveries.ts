import type { Backlog } from '../../../sdk/typescript/src/models.ts';

/** The API lists the endpoints with the most open deliveries, and no others. */
const LISTED_IN_BACKLOG = 20;

export type OpenDeliveries = { count: number; isExact: boolean };

/** How many deliveries are open; of an endpoint that is not among the first, only that they are no more than those. */
export function openOf(backlog: Backlog | undefined, endpoint: string): OpenDeliveries | undefined {
  if (!backlog) return undefined;
  const counts = backlog.endpoints.map(({ pending, retrying, held }) => pending + retrying + held);
  const index = backlog.endpoints.findIndex((entry) => entry.endpoint === endpoint);
  if (index >= 0) return { count: counts[index]!, isExact: true };
  return counts.length < LISTED_IN_BACKLOG
    ? { count: 0, isExact: true }
    : { count: counts.at(-1)!, isExact: false };
}

export const openText = (open: OpenDeliveries | undefined): string =>
  open === undefined ? '–' : `${open.isExact ? '' : '≤ '}${open.count.toLocaleString()}`;
