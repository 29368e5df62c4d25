/*
 * The owner of a delivery is what carries it: the id of a workflow, or, during a first attempt without a workflow, the
 * process that makes it. Such a delivery has an open claim of that process for as long as it is owned this way.
 */
export const EXPRESS_OWNER_PREFIX = 'express/';

export const expressOwner = (processId: string): string => `${EXPRESS_OWNER_PREFIX}${processId}`;

export const isExpressOwner = (owner: string): boolean => owner.startsWith(EXPRESS_OWNER_PREFIX);

/** The workflow of a delivery; null while none carries it. */
export const workflowOf = (owner: string | null): string | null =>
  owner === null || isExpressOwner(owner) ? null : owner;
