import type { Call, CreateOptions } from '../call.ts';
import type {
  CreatedOperationalEndpoint,
  Delivery,
  ListOperationalDeliveriesQuery,
  ListOperationalEndpointsQuery,
  NewOperationalEndpoint,
  OperationalEndpoint,
  OperationalEndpointChanges,
  SecretRotation,
} from '../models.ts';
import { iteratePages, type Page } from '../pagination.ts';
import { idPath } from '../path.ts';

/** Endpoints that are told what happens to the endpoints of the project. Verify their requests as `standard-webhooks`. */
export function operationalEndpointsOf(call: Call) {
  const list = (query: ListOperationalEndpointsQuery = {}): Promise<Page<OperationalEndpoint>> =>
    call('GET', '/v1/operational-endpoints', { query });
  return {
    /** The response contains the secret. No later response does. */
    create: (
      endpoint: NewOperationalEndpoint,
      options: CreateOptions = {},
    ): Promise<CreatedOperationalEndpoint> =>
      call('POST', '/v1/operational-endpoints', { body: endpoint, ...options }),
    get: (id: string): Promise<OperationalEndpoint> => call('GET', idPath`/v1/operational-endpoints/${id}`),
    list,
    all: (query: Omit<ListOperationalEndpointsQuery, 'cursor'> = {}) =>
      iteratePages((page) => list({ ...query, ...page })),
    update: (id: string, changes: OperationalEndpointChanges): Promise<OperationalEndpoint> =>
      call('PATCH', idPath`/v1/operational-endpoints/${id}`, { body: changes }),
    /** The response contains the new secret. No later response does. */
    rotateSecret: (id: string, rotation: SecretRotation = {}): Promise<CreatedOperationalEndpoint> =>
      call('POST', idPath`/v1/operational-endpoints/${id}/rotate-secret`, { body: rotation }),
    /** The deliveries to the endpoint, which are in no other list. */
    deliveries: (id: string, query: ListOperationalDeliveriesQuery = {}): Promise<Page<Delivery>> =>
      call('GET', idPath`/v1/operational-endpoints/${id}/deliveries`, { query }),
    delete: (id: string): Promise<void> => call('DELETE', idPath`/v1/operational-endpoints/${id}`),
  };
}
