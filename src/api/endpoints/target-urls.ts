import type { AddressGuard } from '../../egress/addresses/address-guard.ts';
import { parseTargetUrl, type UrlProblem, type UrlRules } from '../../egress/target-url.ts';
import { Problem } from '../problems/problem.ts';

/** The URL of an event's target as it is stored and sent; throws invalid_url when the profile or the guard refuses it. */
export function checkedTargetUrl(
  text: string,
  rules: UrlRules,
  guard: AddressGuard,
  pointer: string,
): string {
  const result = parseTargetUrl(text, rules, guard);
  if (result instanceof URL) return result.href;
  throw refused(result, pointer);
}

/** The same for an endpoint, which may have headers, unlike a target. */
export function checkedEndpointUrl(text: string, rules: UrlRules, guard: AddressGuard): string {
  const result = parseTargetUrl(text, rules, guard);
  if (result instanceof URL) return result.href;
  if (result.code !== 'url_has_credentials') throw refused(result, '/url');
  const detail = `${result.detail}: set them as an Authorization header in the headers of the endpoint`;
  throw refused({ ...result, detail }, '/url');
}

const refused = ({ detail }: UrlProblem, pointer: string): Problem =>
  new Problem('invalid_url', undefined, { errors: [{ pointer, detail }] });
