import type { AddressGuard } from '../../../egress/addresses/address-guard.ts';
import { parseTargetUrl, type UrlProblem, type UrlRules } from '../../../egress/target-url.ts';
import { Problem } from '../../problems/problem.ts';

/** Returns the normalized URL of an event's target. Throws invalid_url if the profile or the address guard refuses it. */
export function checkedTargetUrl(
  text: string,
  rules: UrlRules,
  guard: AddressGuard,
  pointer: string,
): string {
  const result = parseTargetUrl(text, rules, guard);
  if (result instanceof URL) return result.href;
  throw invalidUrl(result, pointer);
}

/** The same for an endpoint which, unlike a target, may have headers. */
export function checkedEndpointUrl(text: string, rules: UrlRules, guard: AddressGuard): string {
  const result = parseTargetUrl(text, rules, guard);
  if (result instanceof URL) return result.href;
  if (result.code !== 'url_has_credentials') throw invalidUrl(result, '/url');
  const detail = `${result.detail}: set them as an Authorization header in the headers of the endpoint`;
  throw invalidUrl({ ...result, detail }, '/url');
}

const invalidUrl = ({ detail }: UrlProblem, pointer: string): Problem =>
  new Problem('invalid_url', undefined, { errors: [{ pointer, detail }] });
