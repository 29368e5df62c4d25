import { childPointer } from '../../../json-schema/json-pointer.ts';
import { CONNECTION_HEADERS } from '../../../profiles/header-names.ts';
import type { SecretBox } from '../../../secrets/secret-box.ts';
import { endpointHeadersContext, MASKED } from '../../../store/endpoints/endpoints.ts';
import { invalidBody } from '../../problems/problem.ts';

/** Throws invalid_body for headers that an endpoint may not set, and for names that differ only in case. */
export function checkEndpointHeaders(headers: Record<string, string>, signatureHeaderNames: string[]): void {
  const seen = new Set<string>();
  for (const name of Object.keys(headers)) {
    const lower = name.toLowerCase();
    const refuse = (detail: string): never => {
      throw invalidBody([{ pointer: childPointer('/headers', name), detail }]);
    };
    // A profile may set headers such as content-type; an endpoint must not, since they describe the profile's body.
    if (CONNECTION_HEADERS.has(lower) || lower.startsWith('content-'))
      refuse('is set for each request and cannot be chosen');
    if (signatureHeaderNames.includes(lower)) refuse('is set by the profile');
    if (seen.has(lower)) refuse('differs only in case from another header');
    seen.add(lower);
  }
}

export const sealHeaders = (
  box: SecretBox,
  projectId: string,
  endpointId: string,
  headers: Record<string, string> | null,
): Buffer | null =>
  headers && box.seal(JSON.stringify(headers), endpointHeadersContext(projectId, endpointId));

/** Masks every value, because values often contain the receiver's credentials. */
export function maskedHeaders(
  box: SecretBox,
  projectId: string,
  endpointId: string,
  sealed: Buffer | null,
): Record<string, string> {
  if (sealed === null) return {};
  const headers: Record<string, string> = JSON.parse(
    box.open(sealed, endpointHeadersContext(projectId, endpointId)),
  );
  return Object.fromEntries(Object.keys(headers).map((name) => [name, MASKED]));
}
