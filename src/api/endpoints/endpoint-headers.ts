import { childPointer } from '../../json-schema/json-pointer.ts';
import type { SecretBox } from '../../secrets/secret-box.ts';
import { endpointHeadersContext, MASKED } from '../../store/endpoints/endpoints.ts';
import { invalidBody } from '../problems/problem.ts';

/** They belong to the connection or to the body (RFC 9110, 7.6.1); an HTTP client would send them as they are. */
const RESERVED = new Set([
  'accept-encoding',
  'connection',
  'expect',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Throws invalid_body for headers that are not the endpoint's to set, and for one name in two spellings. */
export function checkEndpointHeaders(headers: Record<string, string>, signatureHeaderNames: string[]): void {
  const seen = new Set<string>();
  for (const name of Object.keys(headers)) {
    const lower = name.toLowerCase();
    const refuse = (detail: string): never => {
      throw invalidBody([{ pointer: childPointer('/headers', name), detail }]);
    };
    if (RESERVED.has(lower) || lower.startsWith('content-')) refuse('is set by Posthorn alone');
    if (signatureHeaderNames.includes(lower)) refuse('is set by the profile');
    if (seen.has(lower)) refuse('appears twice');
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

/** The names with a mask for each value: values often hold the receiver's own keys. */
export function maskedHeaders(
  box: SecretBox,
  projectId: string,
  endpointId: string,
  sealed: Buffer | null,
): Record<string, string> {
  if (sealed === null) return {};
  const headers = JSON.parse(box.open(sealed, endpointHeadersContext(projectId, endpointId))) as object;
  return Object.fromEntries(Object.keys(headers).map((name) => [name, MASKED]));
}
