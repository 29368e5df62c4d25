import { parseBody } from '../../src/api/http/validation/validation.ts';
import { Problem, problemJson } from '../../src/api/problems/problem.ts';
import { createShippedProfiles } from '../../src/profiles/shipped/registry.ts';

/** Makes a text of about so many bytes. */
export type Make = (bytes: number) => string;

export const filled =
  (before: string, unit: string, after: string): Make =>
  (bytes) =>
    before +
    unit.repeat(Math.max(1, Math.floor((bytes - before.length - after.length) / unit.length))) +
    after;

/** A list whose entries are made from their index. */
export const listed =
  (before: string, entry: (n: number) => string, after: string): Make =>
  (bytes) => {
    const entries: string[] = [];
    for (let size = 0; size < bytes; size += entries.at(-1)!.length + 1) entries.push(entry(entries.length));
    return before + entries.join() + after;
  };

/** Makes each text once for each size. */
export function memoized(make: Make): Make {
  const made = new Map<number, string>();
  return (bytes) => {
    const text = made.get(bytes) ?? make(bytes);
    made.set(bytes, text);
    return text;
  };
}

export const profiles = createShippedProfiles();

export const event = {
  id: 'evt_1',
  type: 'a.b',
  createdAt: new Date(0),
  consumer: 'acme',
  attributes: {},
  target: null,
  endpoint: null,
};

export const problemOrResult = (work: () => unknown): unknown => {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return problemJson(error, 'req_1', 'http://posthorn.test');
  }
};
export const checked = (schema: Parameters<typeof parseBody>[0], value: unknown): unknown =>
  problemOrResult(() => parseBody(schema, value));
