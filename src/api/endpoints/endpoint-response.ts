import type { SecretBox } from '../../secrets/secret-box.ts';
import type { Endpoint } from '../../store/endpoints/endpoints.ts';
import type { Tenant } from '../auth/authentication.ts';
import { maskedHeaders } from './endpoint-headers.ts';
import type { EndpointResponse } from './endpoint-schemas.ts';

/** An endpoint as a response, without its secret and with masked header values. */
export const endpointResponse = (
  box: SecretBox,
  { projectId }: Tenant,
  endpoint: Endpoint,
): EndpointResponse => ({
  ...endpoint,
  headers: maskedHeaders(box, projectId, endpoint.id, endpoint.headers),
});
