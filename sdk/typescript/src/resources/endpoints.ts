import type { Call } from '../call.ts';
import type {
  AcceptedEvent,
  CreatedEndpoint,
  Endpoint,
  EndpointChanges,
  ListEndpointsQuery,
  NewEndpoint,
  NewTestEvent,
  SecretRotation,
  TestEndpointQuery,
} from '../models.ts';
import { iteratePages, type Page } from '../pages.ts';
import { idPath } from '../path.ts';

export function endpointsOf(call: Call) {
  const list = (query: ListEndpointsQuery = {}): Promise<Page<Endpoint>> =>
    call('GET', '/v1/endpoints', { query });
  return {
    /** The answer shows the secret, this once. */
    create: (endpoint: NewEndpoint): Promise<CreatedEndpoint> =>
      call('POST', '/v1/endpoints', { body: endpoint }),
    get: (id: string): Promise<Endpoint> => call('GET', idPath`/v1/endpoints/${id}`),
    list,
    all: (query: Omit<ListEndpointsQuery, 'cursor'> = {}) =>
      iteratePages((page) => list({ ...query, ...page })),
    update: (id: string, changes: EndpointChanges): Promise<Endpoint> =>
      call('PATCH', idPath`/v1/endpoints/${id}`, { body: changes }),
    /** What comes due from then on, and what is posted, is held. */
    pause: (id: string): Promise<Endpoint> => call('POST', idPath`/v1/endpoints/${id}/pause`),
    /** Ends the pause; what is held is due now. */
    resume: (id: string): Promise<Endpoint> => call('POST', idPath`/v1/endpoints/${id}/resume`),
    /** As `pause`, until it is enabled. */
    disable: (id: string): Promise<Endpoint> => call('POST', idPath`/v1/endpoints/${id}/disable`),
    /** What is held is due now. */
    enable: (id: string): Promise<Endpoint> => call('POST', idPath`/v1/endpoints/${id}/enable`),
    /** Cancels what is open to it. */
    delete: (id: string): Promise<void> => call('DELETE', idPath`/v1/endpoints/${id}`),
    /** The answer shows the new secret, this once. */
    rotateSecret: (id: string, rotation: SecretRotation = {}): Promise<CreatedEndpoint> =>
      call('POST', idPath`/v1/endpoints/${id}/rotate-secret`, { body: rotation }),
    /** The example of the type, or the first of the catalogue, goes to this endpoint alone. */
    test: (id: string, event: NewTestEvent = {}, query: TestEndpointQuery = {}): Promise<AcceptedEvent> =>
      call('POST', idPath`/v1/endpoints/${id}/test`, { query, body: event }),
  };
}
