import type { Backlog, Failures } from '../../../../sdk/typescript/src/models.ts';
import { relative } from '../../kit/time/time.ts';

/** When the open deliveries were counted, which happens at intervals. */
export const countedText = ({ measuredAt }: Pick<Backlog, 'measuredAt'>, now: number): string =>
  measuredAt === null ? 'not counted yet' : `counted ${relative(Math.min(now, Date.parse(measuredAt)), now)}`;

const retryingNow = ({ items }: Pick<Failures, 'items'>): number =>
  items.filter(({ state }) => state === 'retrying').reduce((total, { deliveries }) => total + deliveries, 0);

/** From the answer that the sentence and the list of what needs attention are made of, so that all three agree. */
export const retryingText = (failures: Pick<Failures, 'items' | 'complete'>): string =>
  `${retryingNow(failures).toLocaleString()}${failures.complete ? '' : ' or more'}`;

/** As it was counted; but at least what is retried since, and held, which stand beside it. */
export const openNow = (
  { pending, retrying, held }: Pick<Backlog, 'pending' | 'retrying' | 'held'>,
  failures: Pick<Failures, 'items'>,
): number => Math.max(pending + retrying + held, retryingNow(failures) + held);
