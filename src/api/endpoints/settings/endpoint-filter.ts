import { compileFilter } from '../../../filters/compile-filter.ts';
import type { Tenant } from '../../auth/tenant.ts';
import { canonicalJson } from '../../idempotency/canonical-json.ts';
import { invalidBody, prependPointer } from '../../problems/problem.ts';

type Filter = Record<string, unknown>;

/** The canonical text of a filter; null if there is none. Throws invalid_body for a filter that cannot be used. */
export async function checkedFilter(
  { projectId }: Pick<Tenant, 'projectId'>,
  filter: Filter | null,
): Promise<string | null> {
  if (filter === null) return null;
  const text = canonicalJson(filter);
  const compiled = await compileFilter(text, projectId);
  if ('problems' in compiled) throw invalidBody(prependPointer('/filter', compiled.problems));
  return text;
}
