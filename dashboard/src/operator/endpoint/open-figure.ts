import type { Backlog, Delivery } from '../../../../sdk/typescript/src/models.ts';
import { openOf, openText } from '../../endpoint/open-deliveries.ts';

type Listed = { items: Pick<Delivery, 'status'>[]; nextCursor: string | null };

/**
 * What is open at an endpoint. From the list of what waits, so that both agree; where that has more than one page, as it was
 * counted last.
 */
export function openFigure(listed: Listed | undefined, backlog: Backlog | undefined, endpoint: string) {
  if (!listed || !backlog) return undefined;
  if (listed.nextCursor === null) {
    const count = (status: string): number => listed.items.filter((one) => one.status === status).length;
    const value = listed.items.length.toLocaleString();
    return { value, retrying: count('retrying'), held: count('held') };
  }
  const { retrying = 0, held = 0 } = backlog.endpoints.find((entry) => entry.endpoint === endpoint) ?? {};
  return { value: openText(openOf(backlog, endpoint)), retrying, held };
}
