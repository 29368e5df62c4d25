import { EXPRESS_OWNER_PREFIX } from '../../policy/owner.ts';

/** SQL: whether a process, and not a workflow, makes the first attempt of the delivery with this owner. */
export const isExpressOwnerSql = (owner: string): string =>
  `starts_with(${owner}, '${EXPRESS_OWNER_PREFIX}')`;
