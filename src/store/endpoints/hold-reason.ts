/** A consumer that was given no plan is on this one. */
export const FREE_PLAN = 'free';

/** What a held delivery can wait for, as far as its endpoint ends it. */
export const HOLD_REASONS = ['endpoint_paused', 'endpoint_disabled', 'plan'] as const;
export type HoldReason = (typeof HOLD_REASONS)[number];

/**
 * SQL: why the endpoint under this alias takes no deliveries now; null when it does. Status goes first: it is what its
 * owner decided. For a deleted one it says nothing of use.
 */
export const holdReason = (endpoint: string): string =>
  `CASE WHEN ${endpoint}.status = 'active' THEN ${endpoint}.suspended ELSE 'endpoint_' || ${endpoint}.status END`;
