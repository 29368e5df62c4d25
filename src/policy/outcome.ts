/** How one attempt ended. What a receiver does wrong is a value here, never an exception. */
export const OUTCOMES = [
  'delivered',
  'rejected',
  'timeout',
  'connection_failed',
  'dns_failed',
  'tls_failed',
  'invalid_response',
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

export const EVENT_STATUSES = ['pending', 'delivered', 'undeliverable', 'cancelled', 'unrouted'] as const;
export type EventStatus = (typeof EVENT_STATUSES)[number];

/** Decides the task queue and the batch. `isolated`: a workflow of its own, after two unknown outcomes in a row. */
export type Lane = 'fast' | 'slow' | 'isolated';
