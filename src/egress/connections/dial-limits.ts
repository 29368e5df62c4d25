/** RFC 8305 section 5, "Connection Attempt Delay": how long one address has before the next is tried beside it. */
export const CONNECTION_ATTEMPT_DELAY_MS = 250;

/** Of one dial: a name server that answers with hundreds of silent addresses gets no socket for each. */
export const MAX_ADDRESSES_PER_DIAL = 8;

/**
 * Sockets of a process for second and further addresses that are tried beside the first. Where none is left, a dial
 * goes on to its next address when the one before it has failed.
 */
export type SpareSockets = { remaining: number };

/** Milliseconds until a time on the clock of performance.now(), for a timer: never a time that has passed. */
export const msUntil = (time: number): number => Math.max(1, time - performance.now());
