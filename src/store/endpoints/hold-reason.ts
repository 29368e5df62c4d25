/** The plan of a consumer that was given none. */
export const FREE_PLAN = 'free';

/** Why a delivery is held: the state of its endpoint that has to end first. */
export const HOLD_REASONS = ['endpoint_paused', 'endpoint_disabled', 'plan'] as const;
export type HoldReason = (typeof HOLD_REASONS)[number];

/**
 * SQL: why the endpoint with this alias receives no deliveries now; null if it does. The status takes precedence over a
 * suspension, because the endpoint's owner chose it. Meaningless for a deleted endpoint.
 */
export const holdReason = (endpoint: string): string =>
  `CASE WHEN ${endpoint}.status = 'active' THEN ${endpoint}.suspended ELSE 'endpoint_' || ${endpoint}.status END`;
