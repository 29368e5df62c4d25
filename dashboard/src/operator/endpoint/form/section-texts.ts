import type { Endpoint } from '../../../../../sdk/typescript/src/models.ts';
import { retrySteps } from '../../../delivery/retry-steps.ts';
import { counted } from '../../../kit/text/counted.ts';
import { duration } from '../../../kit/time/time.ts';
import { delaysOf, overrideOf, type Policy, type PolicyForm } from '../../policy/policy-form.ts';
import type { HeaderRow } from './header-draft.ts';
import type { LimitsDraft } from './limit-draft.ts';

/** `5 attempts within 2 h 36 min, as in the project` */
export function policyText(form: PolicyForm, below: Policy | undefined): string {
  if (!below) return '';
  const steps = retrySteps(delaysOf(form, below));
  const attempts = counted(steps.length, 'attempt');
  const within = steps.length === 1 ? '' : ` within ${duration(steps.at(-1)!.after * 1_000)}`;
  return `${attempts}${within}, ${overrideOf(form) === null ? 'as in the project' : 'set here'}`;
}

export function headersText(rows: HeaderRow[] | undefined, endpoint: Endpoint | undefined): string {
  const names = rows ? rows.map(({ name }) => name.trim()) : Object.keys(endpoint?.headers ?? {});
  return names.filter((name) => name !== '').join(', ') || 'none';
}

export const filterText = (filter: string): string =>
  filter.trim() === '' ? 'none: every event of its types' : 'only events that fit a schema';

export function limitsText({ rate, per, concurrency, ordered }: LimitsDraft): string {
  const parts = [
    ...(rate === '' ? [] : [`${rate} a ${per}`]),
    ...(concurrency === '' ? [] : [`${concurrency} at once`]),
    ...(ordered ? ['in order'] : []),
  ];
  return parts.join(', ') || 'none';
}
