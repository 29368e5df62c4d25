import type { Catalogue } from './catalogue.ts';
import { invalidBody } from './problem.ts';

/**
 * Throws invalid_body for subscriptions that the catalogue has no type for: they would never get anything. Without a
 * catalogue every type is as good. `pointer` is that of the array in the body.
 */
export function requireKnownTypes(catalogue: Catalogue, events: string[], pointer = '/events'): void {
  if (catalogue.entries.length === 0) return;
  const errors = events.flatMap((pattern, i) =>
    catalogue.matches(pattern)
      ? []
      : [{ pointer: `${pointer}/${i}`, detail: 'is no event type of this project' }],
  );
  if (errors.length > 0) throw invalidBody(errors);
}
