/*
 * The owner of a delivery is what carries it: the id of a workflow; during a first attempt without a workflow, the process
 * that makes it; or the schedule, while it waits in Postgres for a date. A delivery that a process makes has an open claim
 * of that process for as long as it is owned this way.
 */
export const EXPRESS_OWNER_PREFIX = 'express/';

/** Ids of workflows contain a slash. */
export const SCHEDULE_OWNER = 'schedule';

export const expressOwner = (processId: string): string => `${EXPRESS_OWNER_PREFIX}${processId}`;

export const isExpressOwner = (owner: string): boolean => owner.startsWith(EXPRESS_OWNER_PREFIX);

/** The workflow of a delivery; null while none carries it. */
export const workflowOf = (owner: string | null): string | null =>
  owner === null || owner === SCHEDULE_OWNER || isExpressOwner(owner) ? null : owner;
