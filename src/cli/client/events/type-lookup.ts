import type { PosthornClient } from '../../../../sdk/typescript/src/client.ts';
import { PosthornError } from '../../../../sdk/typescript/src/posthorn-error.ts';

const MAX_REMEMBERED = 1_000;

/** Finds the type of an event, which outcomes do not have. Undefined if the event has been removed. */
export function createTypeLookup(client: PosthornClient): (event: string) => Promise<string | undefined> {
  const types = new Map<string, string | undefined>();
  return async (event) => {
    if (types.has(event)) return types.get(event);
    const type = await client.events.get(event).then(
      (found) => found.type,
      (error: unknown) => {
        if (error instanceof PosthornError && error.status === 404) return undefined;
        throw error;
      },
    );
    if (types.size >= MAX_REMEMBERED) types.delete(types.keys().next().value!);
    types.set(event, type);
    return type;
  };
}
