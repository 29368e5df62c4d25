import type { Call, CreateOptions } from '../call.ts';
import type {
  AcceptedEvent,
  CreatedEndpoint,
  Endpoint,
  EndpointChanges,
  EndpointOrder,
  FilterPreview,
  FilterPreviewRequest,
  ListEndpointsQuery,
  NewEndpoint,
  NewTestEvent,
  SecretRotation,
  TestEndpointQuery,
} from '../models.ts';
import { iteratePages, type SearchedPage } from '../pagination.ts';
import { idPath } from '../path.ts';

export function endpointsOf(call: Call) {
  const list = (query: ListEndpointsQuery = {}): Promise<SearchedPage<Endpoint>> =>
    call('GET', '/v1/endpoints', { query });
  return {
    /** The response contains the secret. No later response does, except that to the same call with its idempotency key. */
    create: (endpoint: NewEndpoint, options: CreateOptions = {}): Promise<CreatedEndpoint> =>
      call('POST', '/v1/endpoints', { body: endpoint, ...options }),
    get: (id: string): Promise<Endpoint> => call('GET', idPath`/v1/endpoints/${id}`),
    list,
    all: (query: Omit<ListEndpointsQuery, 'cursor'> = {}) =>
      iteratePages((page) => list({ ...query, ...page })),
    update: (id: string, changes: EndpointChanges): Promise<Endpoint> =>
      call('PATCH', idPath`/v1/endpoints/${id}`, { body: changes }),
    /** The delivery whose turn it is at an ordered endpoint, and how many wait behind it. */
    order: (id: string): Promise<EndpointOrder> => call('GET', idPath`/v1/endpoints/${id}/order`),
    /** Deliveries that are due from now on are held. */
    pause: (id: string): Promise<Endpoint> => call('POST', idPath`/v1/endpoints/${id}/pause`),
    /** Ends the pause. Held deliveries are due now. */
    resume: (id: string): Promise<Endpoint> => call('POST', idPath`/v1/endpoints/${id}/resume`),
    /** Holds deliveries like `pause`, until the endpoint is enabled. */
    disable: (id: string): Promise<Endpoint> => call('POST', idPath`/v1/endpoints/${id}/disable`),
    /** Held deliveries are due now. */
    enable: (id: string): Promise<Endpoint> => call('POST', idPath`/v1/endpoints/${id}/enable`),
    /** Deletes the endpoint and cancels its open deliveries. */
    delete: (id: string): Promise<void> => call('DELETE', idPath`/v1/endpoints/${id}`),
    /** The response contains the new secret. No later response does. */
    rotateSecret: (id: string, rotation: SecretRotation = {}): Promise<CreatedEndpoint> =>
      call('POST', idPath`/v1/endpoints/${id}/rotate-secret`, { body: rotation }),
    /** Compares recent events with a filter, by default that of the endpoint. */
    previewFilter: (id: string, request: FilterPreviewRequest = {}): Promise<FilterPreview> =>
      call('POST', idPath`/v1/endpoints/${id}/filter-preview`, { body: request }),
    /** Sends the example of the event type, by default the first of the catalogue, to this endpoint only. */
    test: (id: string, event: NewTestEvent = {}, query: TestEndpointQuery = {}): Promise<AcceptedEvent> =>
      call('POST', idPath`/v1/endpoints/${id}/test`, { query, body: event }),
  };
}
