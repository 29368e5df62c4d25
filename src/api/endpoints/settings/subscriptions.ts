import type { Catalogue } from '../../../catalogue/catalogue.ts';
import { invalidBody } from '../../problems/problem.ts';

/**
 * Throws invalid_body for subscriptions that match no type in the catalogue: they would never receive an event. Without a
 * catalogue every subscription is allowed.
 */
export function requireKnownTypes(catalogue: Catalogue, events: string[]): void {
  const errors = unknownTypes(catalogue, events).map(({ index }) => ({
    pointer: `/events/${index}`,
    detail: 'matches no event type of this project',
  }));
  if (errors.length > 0) throw invalidBody(errors);
}

/** The same for an update. Subscriptions that the endpoint already has may stay, because the catalogue may be newer. */
export async function requireKnownOrExistingTypes(
  catalogue: Catalogue,
  events: string[],
  present: () => Promise<string[]>,
): Promise<void> {
  if (unknownTypes(catalogue, events).length === 0) return;
  const presentPatterns = new Set(await present());
  const hasTypeMatching = (pattern: string): boolean =>
    presentPatterns.has(pattern) || catalogue.hasTypeMatching(pattern);
  requireKnownTypes({ ...catalogue, hasTypeMatching }, events);
}

const unknownTypes = (catalogue: Catalogue, events: string[]): { index: number }[] =>
  catalogue.entries.length === 0
    ? []
    : events.flatMap((pattern, index) => (catalogue.hasTypeMatching(pattern) ? [] : [{ index }]));
