import * as z from 'zod/mini';

/** Search parameters are texts, as in any other URL: an id of digits is not a number. */
export function parseSearch(text: string): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(text));
}

export function stringifySearch(search: Record<string, unknown>): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(search))
    if (value !== undefined && value !== '') parameters.append(name, String(value));
  const text = parameters.toString();
  return text === '' ? '' : `?${text}`;
}

/** A search parameter that may be left out. */
export const text = z.optional(z.string());

/** For validateSearch of a route: the parameters of this shape, without others. */
export const searchOf =
  <T extends z.core.$ZodLooseShape>(shape: T) =>
  (search: Record<string, unknown>): z.infer<z.ZodMiniObject<T>> =>
    z.object(shape).parse(search) as z.infer<z.ZodMiniObject<T>>;
