import { z } from 'zod';
import type { Clock } from '../../store/postgres/database-clock.ts';
import { may, type Tenant } from '../auth/tenant.ts';
import { Problem } from '../problems/problem.ts';

const MAX_CONTAINS_BYTES = 200;
/** A search may look at bodies that are not cached; those of a week still fit into the memory of most databases. */
const MAX_WINDOW_MS = 7 * 86_400_000;
/** The clocks of caller and Postgres differ. */
const WINDOW_TOLERANCE_MS = 60_000;

export const contains = z
  .string()
  .min(1)
  .refine((text) => Buffer.byteLength(text) <= MAX_CONTAINS_BYTES, 'must have at most 200 bytes')
  .optional()
  .meta({
    description:
      'Only events whose request body contains this text, byte for byte. Makes the call a search, which needs `since`',
  });

export const bytesOf = (text: string | undefined): Buffer | undefined =>
  text === undefined ? undefined : Buffer.from(text);

type PayloadFilter = {
  attributes?: object | undefined;
  contains?: Buffer | undefined;
  since?: Date | undefined;
};

/** What is found would show what is in the bodies. Throws capability_missing. */
export function requirePayloadsFor(tenant: Tenant, contains: string | undefined): void {
  if (contains !== undefined && !may(tenant, 'payloads'))
    throw new Problem('capability_missing', 'It takes payloads.');
}

/** A search by attributes or in bodies needs `since` within the last 7 days. Throws window_required. */
export async function requireWindow(clock: Clock, filter: PayloadFilter): Promise<void> {
  if (filter.attributes === undefined && filter.contains === undefined) return;
  await clock.whenSynced();
  const { since } = filter;
  if (since && clock.now() - since.getTime() <= MAX_WINDOW_MS + WINDOW_TOLERANCE_MS) return;
  throw new Problem('window_required');
}
