import type { Delivery, FailureGroup } from '../../../../sdk/typescript/src/models.ts';

export type GroupFilter = ReturnType<typeof filterOf>;

/** The part of a group that calls can name. */
export const filterOf = ({ endpoint, outcome, statusCode, errorCode, firstAt }: FailureGroup) => ({
  ...(endpoint !== null && { endpoint }),
  ...(outcome !== null && { outcome }),
  ...(statusCode !== null && { statusCode }),
  ...(errorCode !== null && { errorCode }),
  // The oldest of them, with a second for the rounding of times.
  since: new Date(Date.parse(firstAt) - 1_000).toISOString(),
});

/** No filter of the API means "without an endpoint", "without an attempt" or "without a status" or "without a code". */
export const isInGroup = (delivery: Delivery, group: FailureGroup): boolean =>
  delivery.endpoint === group.endpoint &&
  delivery.lastOutcome === group.outcome &&
  delivery.lastStatusCode === group.statusCode &&
  delivery.lastErrorCode === group.errorCode;

/** What is different in each group. */
export const groupKey = ({ endpoint, outcome, statusCode, errorCode, state }: FailureGroup): string =>
  [endpoint, outcome, statusCode, errorCode, state].join(' ');
