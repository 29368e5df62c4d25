/** What an open delivery waits for, if no attempt is under way. */
export const WAIT_REASONS = [
  /** The delay of its retry policy. */
  'schedule',
  /** The receiver asked to wait. */
  'retry_after',
  /** The receiver fails, and is only probed. */
  'cooldown',
  /** Its turn under what limits its receiver: rate, concurrency, slowness, or a backlog that goes out evenly. */
  'rate',
  /** An earlier delivery to an ordered endpoint. */
  'order',
  'endpoint_paused',
  'endpoint_disabled',
  'plan',
  /** Posthorn itself: the attempt is due, and starts as soon as there is capacity. */
  'engine',
] as const;
export type WaitReason = (typeof WAIT_REASONS)[number];
