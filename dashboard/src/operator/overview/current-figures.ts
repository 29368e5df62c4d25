import type { Backlog, Failures } from '../../../../sdk/typescript/src/models.ts';
import { relative } from '../../kit/time/time.ts';

/** When the open deliveries were counted, which happens at intervals. */
export const countedText = ({ measuredAt }: Pick<Backlog, 'measuredAt'>, now: number): string =>
  measuredAt === null ? 'not counted yet' : `counted ${relative(Math.min(now, Date.parse(measuredAt)), now)}`;

/** From the answer that the sentence and the list of what needs attention are made of, so that all three agree. */
export function retryingText({ items, complete }: Pick<Failures, 'items' | 'complete'>): string {
  const retrying = items.filter(({ state }) => state === 'retrying');
  const sum = retrying.reduce((total, { deliveries }) => total + deliveries, 0);
  return `${sum.toLocaleString()}${complete ? '' : ' or more'}`;
}
