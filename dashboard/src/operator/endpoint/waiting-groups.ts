import type { Delivery } from '../../../../sdk/typescript/src/models.ts';

export type WaitingGroup = {
  /** null: an attempt is under way. */
  waitingFor: Delivery['waitingFor'];
  deliveries: number;
  nextAt: string | null;
  oldestAt: string;
};

/** Open deliveries by what they wait for, the largest group first. */
export function waitingGroups(deliveries: Delivery[]): WaitingGroup[] {
  const groups = Map.groupBy(deliveries, ({ waitingFor }) => waitingFor);
  return [...groups]
    .map(([waitingFor, members]) => ({
      waitingFor,
      deliveries: members.length,
      nextAt: members.flatMap(({ nextAttemptAt }) => nextAttemptAt ?? []).sort()[0] ?? null,
      oldestAt: members.map(({ createdAt }) => createdAt).sort()[0]!,
    }))
    .toSorted((a, b) => b.deliveries - a.deliveries);
}
