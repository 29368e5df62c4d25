import type { AddressGuard } from '../egress/address-guard.ts';
import { parseTargetUrl, type UrlRules } from '../egress/target-url.ts';
import { Problem } from './problem.ts';

/** The URL as it will be dialled; throws invalid_url when the profile or the address guard refuses it. */
export function checkedTargetUrl(
  text: string,
  rules: UrlRules,
  guard: AddressGuard,
  pointer: string,
): string {
  const result = parseTargetUrl(text, rules, guard);
  if (result instanceof URL) return result.href;
  throw new Problem('invalid_url', undefined, { errors: [{ pointer, detail: result.detail }] });
}
