import type { DeliveryStatus } from '../../policy/outcome.ts';

/** SQL: whether the column holds one of these statuses. The list is written out, so that partial indexes can be used. */
export const hasStatus = (column: string, statuses: readonly DeliveryStatus[]): string =>
  `${column} IN ('${statuses.join("', '")}')`;
