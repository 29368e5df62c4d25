/** How one attempt ended. A receiver's failure is a value, never an exception. */
export const OUTCOMES = [
  'delivered',
  'rejected',
  'timeout',
  'connection_failed',
  'dns_failed',
  'tls_failed',
  'invalid_response',
  'token_failed',
  'blocked',
  'unknown',
] as const;
export type Outcome = (typeof OUTCOMES)[number];

export const TRIGGERS = ['schedule', 'manual', 'rerun'] as const;
export type Trigger = (typeof TRIGGERS)[number];

export const OPEN_STATUSES = ['pending', 'retrying', 'held'] as const;
export const FINAL_STATUSES = ['delivered', 'undeliverable', 'cancelled'] as const;
export const DELIVERY_STATUSES = [...OPEN_STATUSES, ...FINAL_STATUSES] as const;
export type DeliveryStatus = (typeof DELIVERY_STATUSES)[number];
export type FinalStatus = (typeof FINAL_STATUSES)[number];

/** Whether a delivery with this status is never attempted again by itself. */
export const isFinalStatus = (status: DeliveryStatus): status is FinalStatus =>
  FINAL_STATUSES.some((final) => final === status);

/** The outcome as histories and timers show it: the status code of a rejection, such as `503`, or the outcome's name. */
export const describeOutcome = (outcome: Outcome, statusCode: number | null): string =>
  outcome === 'rejected' && statusCode !== null ? `${statusCode}` : outcome;

export const EVENT_STATUSES = ['pending', 'delivered', 'undeliverable', 'cancelled', 'unrouted'] as const;
export type EventStatus = (typeof EVENT_STATUSES)[number];

/**
 * Decides the queue and the batch. `restricted`: the receiver is slow or has limits. `isolated`: a workflow of its own, after two unknown outcomes in a row.
 */
export type Lane = 'fast' | 'restricted' | 'isolated';
