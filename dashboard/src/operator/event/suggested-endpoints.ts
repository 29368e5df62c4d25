import type { Endpoint, Event } from '../../../../sdk/typescript/src/models.ts';

/** Whether a list of exact types, `prefix.*` and `*` has the type. */
const subscribesTo = (patterns: string[], type: string): boolean =>
  patterns.some(
    (pattern) =>
      pattern === '*' ||
      pattern === type ||
      (pattern.endsWith('.*') && type.startsWith(pattern.slice(0, -1))),
  );

export type SuggestedEndpoint = { endpoint: Endpoint; isSubscribed: boolean };

/** Endpoints of the event's consumer, or of none: those first that would get it now, unless their filter refuses it. */
export function suggestedEndpoints(
  { type, consumer }: Pick<Event, 'type' | 'consumer'>,
  endpoints: Endpoint[],
): SuggestedEndpoint[] {
  return endpoints
    .filter((endpoint) => endpoint.consumer === consumer)
    .map((endpoint) => ({
      endpoint,
      isSubscribed: endpoint.filter === null && subscribesTo(endpoint.events, type),
    }))
    .toSorted((a, b) => Number(b.isSubscribed) - Number(a.isSubscribed));
}
