import type { ListedProject } from '../../../../sdk/typescript/src/models.ts';

/** Projects that need attention before the others, each in the order of the API. */
export const attentionFirst = (projects: ListedProject[]): ListedProject[] =>
  projects.toSorted((a, b) => rank(a) - rank(b));

const rank = ({ figures }: ListedProject): number => (figures?.attention ? 0 : 1);
