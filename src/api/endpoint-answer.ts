import type { Endpoint } from '../store/endpoints.ts';
import type { SecretBox } from '../store/secret-box.ts';
import type { Tenant } from './authentication.ts';
import { maskedHeaders } from './endpoint-headers.ts';

/** An endpoint as callers see it: its secret never, of its headers the names. */
export const endpointAnswer = (box: SecretBox, { projectId }: Tenant, endpoint: Endpoint): object => ({
  ...endpoint,
  headers: maskedHeaders(box, projectId, endpoint.id, endpoint.headers),
});
