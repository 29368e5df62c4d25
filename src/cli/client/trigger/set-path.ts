import { CommandFailure } from '../connection.ts';
import { isExactNumber, parseExactly } from './exact-json.ts';

export type Assignment = { path: string[]; value: unknown };

/**
 * Reads `order.items.0.price=12.50`. Dots separate members and indices; `\.` is a dot in a name. The value is JSON, or
 * text if it is not. Throws a CommandFailure if there is no path.
 */
export function parseAssignment(text: string): Assignment {
  const equals = text.indexOf('=');
  const path = text.slice(0, Math.max(equals, 0)).match(SEGMENT)?.map(unescapeDots) ?? [];
  if (
    equals < 1 ||
    path.length === 0 ||
    text.slice(0, equals).replace(SEGMENT, '').length !== path.length - 1
  )
    throw new CommandFailure(2, `--set "${text}" is not path=value, such as order.total=12.50.`);
  return { path, value: parseValue(text.slice(equals + 1)) };
}

/** One or more characters that are not a dot, or a dot behind a backslash. */
const SEGMENT = /(?:\\.|[^.\\])+/gs;
const unescapeDots = (segment: string): string => segment.replace(/\\(.)/gs, '$1');

function parseValue(text: string): unknown {
  try {
    return parseExactly(text);
  } catch {
    return text;
  }
}

/**
 * Returns the data with the value at the path. Missing objects are created; the index behind the last element of an
 * array appends. Throws a CommandFailure if the path leads through something else.
 */
export function setAt(data: unknown, { path, value }: Assignment, depth = 0): unknown {
  const segment = path[depth];
  if (segment === undefined) return value;
  const next = (child: unknown): unknown => setAt(child, { path, value }, depth + 1);
  if (data === undefined || data === null) return withMember({}, segment, next(undefined));
  if (Array.isArray(data)) {
    const index = /^\d{1,9}$/.test(segment) ? Number(segment) : Number.NaN;
    if (!(index <= data.length)) throw leadsNowhere(path, depth, `an array of ${data.length} elements`);
    return [...data.slice(0, index), next(data[index]), ...data.slice(index + 1)];
  }
  if (typeof data !== 'object' || isExactNumber(data)) throw leadsNowhere(path, depth, JSON.stringify(data));
  const existing = Object.hasOwn(data, segment) ? (data as Record<string, unknown>)[segment] : undefined;
  return withMember(data, segment, next(existing));
}

/** Object.fromEntries makes `__proto__` a member like any other; an assignment would change the prototype. */
const withMember = (data: object, name: string, value: unknown): unknown =>
  Object.fromEntries(new Map(Object.entries(data)).set(name, value));

function leadsNowhere(path: string[], depth: number, found: string): CommandFailure {
  const place = depth === 0 ? 'the data' : path.slice(0, depth).join('.');
  return new CommandFailure(
    2,
    `--set ${path.join('.')}: ${place} is ${found}, which has no "${path[depth]}".`,
  );
}
